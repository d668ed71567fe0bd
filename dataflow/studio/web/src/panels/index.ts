/** What values, runs, training and quantization add to the page. */
import { addOverlay, addPiece, addTab } from "../slots";
import { Banner } from "./Banner";
import "./commands";
import { Drawn } from "./Drawn";
import "./panels.css";
import { JobsStatus, QualityLegend, TrainingStatus } from "./Status";

addTab({ id: "values", title: "Values", order: 20, load: () => import("../values/Values") });
addTab({ id: "session", title: "Run", order: 30, load: () => import("./RunPanel") });
addTab({ id: "training", title: "Train", order: 40, load: () => import("./TrainingPanel") });
addTab({ id: "quantization", title: "Quantize", order: 50, load: () => import("./QuantizationPanel") });
addPiece("status.left", { id: "session", order: 50, component: Banner });
addPiece("canvas", { id: "panels", order: 50, component: Drawn });
addPiece("status.left", { id: "quality", order: 40, component: QualityLegend });
addPiece("status.right", { id: "training", order: 10, component: TrainingStatus });
addPiece("status.right", { id: "jobs", order: 20, component: JobsStatus });
addOverlay("freeze", () => import("./FreezeDialog"));
addOverlay("force", () => import("./ForceDialog"));
