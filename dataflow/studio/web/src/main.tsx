import { createRoot } from "react-dom/client";
import "./theme.css";
import "./layout.css";
import { App } from "./App";
import "./canvas/index";
import { connect } from "./connection";
import { listen } from "./keys";
import "./panels/index";
import "./shell/commands";
import "./start/index";
import { hear, set } from "./store";
import { followTheme } from "./theme";
import "./tools/index";

followTheme();
listen();
connect(hear, (connected) => set({ connected }));
createRoot(document.getElementById("root")!).render(<App />);
