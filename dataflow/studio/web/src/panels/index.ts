/** What runs, training and quantization add to the page. */
export {};
