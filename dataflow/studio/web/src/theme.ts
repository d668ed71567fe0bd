/** Light or dark: as the system has it, or as a person chose, which this browser remembers. */
import { get, set, useStudio, type State } from "./store";

const KEY = "dataflow.theme";
const THEMES: State["theme"][] = ["system", "light", "dark"];

/** Put the theme on the page, now and whenever it or the system's changes. */
export function followTheme(): void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const show = () => {
    const { theme } = get();
    document.documentElement.dataset.theme = theme === "system" ? (dark.matches ? "dark" : "light") : theme;
  };
  const kept = THEMES.find((theme) => theme === localStorage.getItem(KEY));
  if (kept !== undefined) set({ theme: kept });
  show();
  dark.addEventListener("change", show);
  useStudio.subscribe((state, before) => {
    if (state.theme === before.theme) return;
    localStorage.setItem(KEY, state.theme);
    show();
  });
}

/** The next of system, light and dark. */
export function nextTheme(): void {
  set(({ theme }) => ({ theme: THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]! }));
}
