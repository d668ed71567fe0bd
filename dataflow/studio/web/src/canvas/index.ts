/** What the canvas adds to the page. */
export {};
