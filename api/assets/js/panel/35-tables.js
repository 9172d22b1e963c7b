// Tables: filters apply as they change, the height of the rows is remembered, the columns are chosen.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-all]")) {
    event.target.closest("table").querySelectorAll("[name='n']").forEach((box) => { box.checked = event.target.checked; });
  }
  const form = event.target.closest("form[data-auto]");
  if (form && !event.target.matches("[data-not-auto]")) form.requestSubmit();
});
// An address without empty names is one that a person can read and share. Only of what becomes an address: a search
// inside the same form is a POST of its own, whose text must arrive.
let leaving = null;
document.addEventListener("submit", (event) => { leaving = event.target; });
document.addEventListener("formdata", (event) => {
  if (event.target !== leaving || !event.target.matches("form[data-auto], form[data-columns]")) return;
  leaving = null;
  [...event.formData.entries()].forEach(([name, value]) => { if (value === "" || name === "texto") event.formData.delete(name); });
});
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-columns]");
  if (!form) return;
  const chosen = [...form.querySelectorAll("input[type=checkbox]:checked")].map((box) => box.value);
  form.querySelector('[name="columnas"]').value = chosen.join(",");
});
document.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-density]");
  if (choice) {
    const roomy = choice.dataset.density === "comoda";
    document.querySelectorAll("[data-table]").forEach((table) => table.classList.toggle("is-roomy", roomy));
    document.querySelectorAll("[data-density]").forEach((one) => one.setAttribute("aria-pressed", one === choice));
    document.cookie = `qoricash_densidad=${choice.dataset.density}; path=/; max-age=31536000; samesite=lax`;
  }
  document.querySelectorAll("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
});
