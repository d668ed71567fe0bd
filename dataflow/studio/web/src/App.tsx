import { useStudio } from "./store";

export function App() {
  const project = useStudio((state) => state.project);
  return <main>{project}</main>;
}
