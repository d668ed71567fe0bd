import { createRoot } from "react-dom/client";
import "./theme.css";
import "./layout.css";
import { App } from "./App";
import "./canvas/index";
import { connect } from "./connection";
import { listen } from "./keys";
import "./shell/commands";
import "./edit/index";
import "./panels/index";
import "./start/index";
import { hear, set } from "./store";
import { followTheme } from "./theme";

followTheme();
listen();
connect(hear, (connected) => set({ connected }));
createRoot(document.getElementById("root")!).render(<App />);
