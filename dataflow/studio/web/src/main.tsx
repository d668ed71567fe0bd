import { createRoot } from "react-dom/client";
import { App } from "./App";
import { connect } from "./connection";
import { hear, set } from "./store";

connect(hear, (connected) => set({ connected }));
createRoot(document.getElementById("root")!).render(<App />);
