// What every page does: acts carry the page's token, sheets open and close, sentences appear, things are copied.
const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";

window.portal = { meta, notice, now: () => Date.now() + offset };
const offset = Date.parse(meta("ahora")) - Date.now() || 0;

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRF-Token"] = meta("csrf");
});
document.addEventListener("htmx:sendError", () => notice("wifi-off", "Sin conexión: no llegó lo que enviaste. Repite cuando vuelva.", "error"));
// A refusal that is no page (too many tries, too large) still says its sentence.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (!(xhr.getResponseHeader("content-type") ?? "").includes("json")) return;
  event.detail.shouldSwap = false;
  const told = JSON.parse(xhr.responseText);
  notice("circle-alert", told.detail ?? told.message ?? "No pudimos atender tu pedido.", "error");
});
document.addEventListener("aviso", (event) => notice(event.detail.icon, event.detail.text, event.detail.tone));
// After a part is replaced, the focus goes to what was refused, or to the title.
document.addEventListener("htmx:afterSettle", (event) => {
  if (!event.target.isConnected) return;
  const wrong = document.querySelector("#contenido [aria-invalid=true]");
  (wrong ?? event.target.querySelector("[autofocus]"))?.focus();
  keys();
});

document.addEventListener("click", (event) => {
  const on = (selector) => event.target.closest(selector);
  const opener = on("[data-open]");
  if (opener) document.getElementById(opener.dataset.open).showModal();
  if (on("[data-close]")) on("dialog").close();
  const copied = on("[data-copy]");
  if (copied) copy(copied);
  const shared = on("[data-share]");
  if (shared) share(shared);
  if (on("[data-theme-toggle]")) changeTheme();
  if (on("[data-reload]")) location.reload();
  if (event.target.tagName === "DIALOG") event.target.close();
});
document.addEventListener("change", (event) => {
  event.target.closest("form[data-auto]")?.requestSubmit();
  const who = event.target.closest("[data-who]");
  if (!who) return;
  document.querySelectorAll("[data-for]").forEach((part) => { part.hidden = part.dataset.for !== event.target.value; });
  document.querySelector('label[for="dni"]').textContent = event.target.value === "empresa" ? "RUC" : "Número de documento";
});
// An address without empty names is one that a person can read and share.
document.addEventListener("formdata", (event) => {
  if (!event.target.matches("form[data-auto]")) return;
  [...event.formData.entries()].forEach(([name, value]) => { if (value === "") event.formData.delete(name); });
});

async function copy(button) {
  const label = button.querySelector("[data-label]");
  const before = label.dataset.before ?? label.textContent;
  label.dataset.before = before;
  try {
    await navigator.clipboard.writeText(button.dataset.copy.replace(/\s/g, ""));
    label.textContent = "Copiado";
    notice("copy-check", `Copiamos ${button.getAttribute("aria-label").replace("Copiar ", "")}`);
  } catch {
    notice("circle-alert", "Tu navegador no dejó copiar. Mantén presionado el número para copiarlo.", "error");
  }
  setTimeout(() => { label.textContent = before; }, 2000);
}

async function share(button) {
  const { share: url, shareText: text } = button.dataset;
  if (navigator.share) {
    await navigator.share({ text, url }).catch((error) => { if (error.name !== "AbortError") throw error; });
  } else {
    await navigator.clipboard.writeText(`${text} ${url}`);
    notice("copy-check", "Copiamos tu invitación. Pégala donde quieras.");
  }
}

function changeTheme() {
  const dark = document.documentElement.dataset.theme === "qori";
  document.cookie = `qoricash_tema=${dark ? "oscuro" : "claro"}; path=/; max-age=31536000; samesite=lax`;
  location.reload();
}

function notice(icon, text, tone = "") {
  const shown = document.getElementById("aviso").content.firstElementChild.cloneNode(true);
  shown.querySelector("use").setAttribute("href", `${meta("iconos")}#${icon}`);
  shown.querySelector("span").textContent = text;
  const place = document.getElementById("avisos");
  place.append(shown);
  while (place.children.length > 3) place.firstElementChild.remove();
  setTimeout(() => shown.remove(), tone === "error" ? 9000 : 4000);
}

// One key for each form that is shown: five clicks are one act.
function keys() {
  document.querySelectorAll("input[data-once]").forEach((input) => { input.value ||= crypto.randomUUID(); });
}
keys();
