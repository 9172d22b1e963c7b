// The daily close: how much what was counted differs from the books, while it is typed. The server decides it again.
const cents = (text) => {
  const plain = text.replace(/[,\u00a0\s]/g, "").replace("−", "-");
  return /^-?\d+(\.\d{1,2})?$/.test(plain) ? Math.round(Number(plain) * 100) : null;
};
const figure = (value) => `${value < 0 ? "−" : "+"}${(Math.abs(value) / 100).toLocaleString("en-US", { minimumFractionDigits: 2 })}`;

function compare(input) {
  const row = input.closest("[data-count]");
  const counted = cents(input.value);
  const left = counted === null ? null : counted - cents(input.dataset.system);
  const told = row.querySelector("[data-left]");
  told.textContent = left === null ? "—" : left === 0 ? "Cuadra" : figure(left);
  told.classList.toggle("is-below", Boolean(left));
  const why = row.nextElementSibling;
  if (why?.matches("[data-why]")) why.hidden = !left && !why.querySelector("[aria-invalid]");
}

const all = () => document.querySelectorAll("[data-system]").forEach(compare);
document.addEventListener("input", (event) => {
  if (event.target.closest("[data-counts]")) event.target.removeAttribute("aria-invalid");
  if (event.target.matches("[data-system]")) compare(event.target);
});
document.addEventListener("htmx:afterSwap", all);
all();
