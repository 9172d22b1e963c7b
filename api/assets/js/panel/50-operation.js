// The operation's page: lines of money with their running difference, proofs to look at, to drop and to paste.
const cents = (text) => {
  const plain = text.replace(/[,\s\u00a0]/g, "");
  if (!/^\d+(\.\d{0,2})?$/.test(plain)) return 0n;
  const [whole, part = ""] = plain.split(".");
  return BigInt(whole) * 100n + BigInt(part.padEnd(2, "0"));
};
const money = (value) => {
  const text = String(value).padStart(3, "0");
  return `${text.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ",")}.${text.slice(-2)}`;
};

function add(form) {
  const total = [...form.querySelectorAll("[data-amount]")].reduce((sum, input) => sum + cents(input.value), 0n);
  const missing = cents(form.dataset.target) - total;
  const line = form.querySelector("[data-sum]");
  line.classList.toggle("st-completada", missing === 0n);
  line.classList.toggle("st-alerta", missing !== 0n);
  line.querySelector("[data-total]").textContent = `${form.dataset.symbol}\u00a0${money(total)}`;
  line.querySelector("[data-diff]").textContent =
    missing === 0n ? "Diferencia 0.00" : missing > 0n ? `Faltan ${money(missing)}` : `Sobran ${money(-missing)}`;
}

function dirty(form) {
  form.dataset.dirty = "";
  form.querySelector("[data-save]").hidden = false;
  form.querySelector('[name="clave_unica"]').value = crypto.randomUUID();
  add(form);
}

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-lines]");
  if (form) dirty(form);
});
document.addEventListener("click", (event) => {
  const form = event.target.closest("form[data-lines]");
  if (!form) return;
  if (event.target.closest("[data-add-line]")) {
    if (form.querySelectorAll("tbody.line").length >= Number(form.dataset.most)) return;
    form.querySelector("tbody.none")?.remove();
    const line = form.querySelector("template").content.firstElementChild.cloneNode(true);
    form.querySelector("table").append(line);
    const left = cents(form.dataset.target) - [...form.querySelectorAll("[data-amount]")].reduce((s, i) => s + cents(i.value), 0n);
    if (left > 0n) line.querySelector("[data-amount]").value = money(left);
    line.querySelector("[data-amount]").select();
    dirty(form);
  }
  if (event.target.closest("[data-remove-line]")) {
    event.target.closest("tbody").remove();
    dirty(form);
  }
  if (event.target.closest("[data-undo]")) clean(form);
});

function clean(form) {
  delete form.dataset.dirty;
  form.closest("[data-part]").dataset.stamp = "";
  window.panel.refresh();
}

document.addEventListener("hay-nuevo", (event) => {
  const place = event.target.querySelector(".said");
  if (place && !place.childElementCount) place.textContent = "Otra persona cambió la operación. Descarta para ver lo actual, o guarda para intentarlo.";
});
// The act is done: what was being edited is what the server has now.
document.addEventListener("hecho", (event) => {
  document.querySelector("#dialogo dialog[open]")?.close();
  document.getElementById("dialogo").replaceChildren();
  const form = event.target.closest?.("form[data-lines]");
  if (form) clean(form);
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target.matches?.("form[data-note]") && event.detail.successful) event.target.reset();
});

document.addEventListener("alpine:init", () => {
  Alpine.data("visor", () => ({
    scale: 1,
    turned: 0,
    choose(event) {
      const thumb = event.currentTarget;
      this.$root.querySelectorAll(".thumb").forEach((one) => one.setAttribute("aria-pressed", one === thumb));
      this.$refs.stage.firstElementChild.replaceWith(window.panel.paper(thumb.dataset));
      this.scale = 1;
      this.turned = 0;
    },
    larger() { this.scale = Math.min(4, this.scale * 1.25); this.draw(); },
    smaller() { this.scale = Math.max(0.5, this.scale / 1.25); this.draw(); },
    turn() { this.turned = (this.turned + 90) % 360; this.draw(); },
    apart() { window.open(window.panel.source(this.$refs.stage.firstElementChild), "_blank", "noopener"); },
    draw() { this.$refs.stage.firstElementChild.style.transform = `scale(${this.scale}) rotate(${this.turned}deg)`; },
  }));
});

// A picture dropped or pasted anywhere on the page opens the dialog of the proof with it inside.
let carried = null;
function carry(files) {
  const opener = document.querySelector("[data-drop-opens]");
  if (!files.length || !opener) return false;
  carried = files;
  const open = document.querySelector("#dialogo [data-files]");
  if (open) put(open); else opener.click();
  return true;
}
function put(input) {
  const all = new DataTransfer();
  [...carried].slice(0, 4).forEach((file) => all.items.add(file));
  input.files = all.files;
  carried = null;
}
document.addEventListener("htmx:afterSwap", (event) => {
  const input = carried && event.target.querySelector?.("[data-files]");
  if (input) put(input);
});
// The camera's picture says that it is there: its button keeps no name of its own.
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-camera]")) return;
  event.target.closest(".camera").classList.toggle("is-taken", event.target.files.length > 0);
});
document.addEventListener("paste", (event) => { if (event.clipboardData?.files.length && carry(event.clipboardData.files)) event.preventDefault(); });
document.addEventListener("dragover", (event) => { if (document.querySelector("[data-drop-opens]")) event.preventDefault(); });
document.addEventListener("drop", (event) => { if (carry(event.dataTransfer.files)) event.preventDefault(); });
