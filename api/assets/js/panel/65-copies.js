// Several lines at once, each on its own.
document.addEventListener("click", (event) => {
  const lines = event.target.closest("[data-copy-lines]");
  if (lines) navigator.clipboard.writeText(lines.dataset.copyLines.split(" ").join("\n"));
});
