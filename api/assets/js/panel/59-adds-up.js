// Movements chosen for a line of a statement: how much they add up to, while they are ticked. The server decides it.
function addUp(form) {
  const chosen = [...form.querySelectorAll("[data-adds-one]:checked")];
  const sum = chosen.reduce((total, box) => total + Math.round(Number(box.dataset.addsOne) * 100), 0);
  const told = form.querySelector("[data-adds-up]");
  told.textContent = `${sum < 0 ? "−" : ""}${(Math.abs(sum) / 100).toLocaleString("en-US", { minimumFractionDigits: 2 })}`;
  told.classList.toggle("is-below", sum !== Math.round(Number(form.dataset.adds) * 100));
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-adds]");
  if (form) addUp(form);
});
document.addEventListener("htmx:afterSwap", () => document.querySelectorAll("[data-adds]:has([data-adds-up])").forEach(addUp));
