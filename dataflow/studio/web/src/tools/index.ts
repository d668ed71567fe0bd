/** What the tools of editing add to the page: palette, inspector, clipboard, problems, keys, text pane. */
export {};
