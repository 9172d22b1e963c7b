// The calculator asks the server for every figure: what it shows is what an operation would be.
const WAIT = 140;

function side(form, wish) {
  const buys = wish === "comprar";
  form.elements.quiero.value = wish;
  form.querySelectorAll("[data-side]").forEach((tab) => tab.setAttribute("aria-pressed", String(tab.dataset.side === wish)));
  form.querySelector('[data-unit="envia"]').textContent = buys ? "S/" : "US$";
  form.querySelector('[data-unit="recibe"]').textContent = buys ? "US$" : "S/";
}

// The dollars stay when the side changes: they are what the operation is in.
function turn(form, wish) {
  if (form.elements.quiero.value === wish) return;
  const dollars = form.elements[wish === "comprar" ? "envia" : "recibe"].value;
  side(form, wish);
  const field = wish === "comprar" ? "recibe" : "envia";
  form.elements[field].value = dollars;
  form.elements.campo.value = field;
  ask(form);
}

async function ask(form) {
  const asked = String(Number(form.dataset.asked ?? 0) + 1);
  form.dataset.asked = asked;
  const answer = await fetch(`/cotizacion?${new URLSearchParams(new FormData(form))}`).catch(() => null);
  // A later question has been asked meanwhile: its answer is the one that counts.
  if (!answer?.ok || form.dataset.asked !== asked) return;
  show(form, await answer.json());
}

function show(form, told) {
  const said = form.querySelector("[data-said]");
  said.hidden = !told.problem;
  said.querySelector("span").textContent = told.problem ?? "";
  form.querySelector("[data-saved]").hidden = !told.pips;
  if (told.problem) return;
  form.querySelector("[data-saved-amount]").textContent = told.saved;
  for (const name of ["envia", "recibe"]) {
    const input = form.elements[name];
    if (document.activeElement !== input || name !== form.elements.campo.value) input.value = told[name];
  }
}

const timers = new WeakMap();
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-calculator]");
  if (!form) return;
  if (["envia", "recibe"].includes(event.target.name)) form.elements.campo.value = event.target.name;
  clearTimeout(timers.get(form));
  if (event.target.value.trim() || event.target.name === "cupon") timers.set(form, setTimeout(() => ask(form), WAIT));
});
document.addEventListener("focusout", (event) => {
  const form = event.target.closest("form[data-calculator]");
  if (form && ["envia", "recibe"].includes(event.target.name) && event.target.value.trim()) setTimeout(() => ask(form));
});
document.addEventListener("click", (event) => {
  const form = event.target.closest("form[data-calculator]");
  if (!form) return;
  const tab = event.target.closest("[data-side]");
  if (tab) turn(form, tab.dataset.side);
  if (event.target.closest("[data-swap]")) turn(form, form.elements.quiero.value === "comprar" ? "vender" : "comprar");
});
document.addEventListener("tasas", () => document.querySelectorAll("form[data-calculator]").forEach(ask));
