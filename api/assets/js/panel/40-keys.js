// The keyboard: single keys act unless a field has the focus; Ctrl K always.
const typing = () => document.activeElement?.matches("input, textarea, select, [contenteditable]");
const cards = () => [...document.querySelectorAll("[data-card] a.code, [data-row] a.code, [data-row] a.row-link, [data-row] [data-step]")].filter((link) => !link.closest("[hidden]") && link.offsetParent);
let going = false;

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    document.querySelector('[data-open="paleta"]')?.click();
    return;
  }
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
    document.activeElement?.closest("form")?.requestSubmit();
    return;
  }
  if (typing() || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  if (going) {
    going = false;
    document.querySelector(`[data-go="${CSS.escape(key)}"]`)?.click();
    return;
  }
  if (key === "g") { going = true; setTimeout(() => { going = false; }, 1200); return; }
  if (key === "?") { document.querySelector('[data-open="teclas"]')?.click(); return; }
  if (key === "/") { event.preventDefault(); document.querySelector("[data-filter], [data-first-filter]")?.focus(); return; }
  if (["j", "k", "arrowdown", "arrowup"].includes(key) && step(key === "j" || key === "arrowdown" ? 1 : -1)) { event.preventDefault(); return; }
  document.querySelector(`[data-key="${CSS.escape(key)}"]:not([aria-disabled])`)?.click();
});

function step(by) {
  const links = cards();
  if (!links.length) return false;
  const at = links.indexOf(document.activeElement);
  (links[at + by] ?? links[by > 0 ? 0 : links.length - 1]).focus();
  return true;
}
