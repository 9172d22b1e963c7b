// What every page does: acts carry the page's token, dialogs open and close, notices appear, things are copied.
const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
const icons = meta("iconos");

window.panel = { meta, notice, background: { "X-Fondo": "1" } };

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRF-Token"] = meta("csrf");
});
document.addEventListener("htmx:sendError", () => {
  notice({ tone: "alerta", icon: "wifi-off", title: "Sin conexión", text: "No llegó lo que pediste. Repite cuando vuelva." });
});
document.addEventListener("aviso", (event) => notice(event.detail));

// A dialog that the server sends opens by itself; an empty answer closes it.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "dialogo") return;
  event.target.querySelector("dialog:not([open])")?.showModal();
});

document.addEventListener("click", (event) => {
  const on = (selector) => event.target.closest(selector);
  const opener = on("[data-open]");
  if (opener) open(opener.dataset.open);
  if (on("[data-close]")) on("dialog").close();
  on("[data-close-toast]")?.closest(".toast-q").remove();
  const locked = on("[data-reason]");
  if (locked) notice({ tone: "pendiente", icon: "lock", title: locked.textContent.trim().split("\n")[0], text: locked.dataset.reason });
  const copied = on("[data-copy]");
  if (copied) copy(copied);
  if (on("[data-theme-toggle]")) changeTheme();
  // Outside of its sheet, a dialog is its own backdrop.
  if (event.target.tagName === "DIALOG" && event.target.dataset.modal !== "firme") event.target.close();
});

function open(id) {
  document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
  const dialog = document.getElementById(id);
  dialog.showModal();
  dialog.dispatchEvent(new CustomEvent("abierto"));
}

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy.replace(/[\s-]/g, ""));
  notice({ tone: "completada", icon: "check", title: "Copiado", text: button.getAttribute("aria-label").replace("Copiar ", "") });
}

function changeTheme() {
  const dark = document.documentElement.dataset.theme === "qori";
  document.documentElement.dataset.theme = dark ? "qori-dark" : "qori";
  document.cookie = `qoricash_tema=${dark ? "oscuro" : "claro"}; path=/; max-age=31536000; samesite=lax`;
}

function notice({ tone, icon, title, text }) {
  const place = document.getElementById("avisos");
  const template = document.getElementById("aviso");
  if (!place || !template) return;
  const shown = template.content.firstElementChild.cloneNode(true);
  shown.classList.add(`st-${tone}`);
  shown.querySelector("use").setAttribute("href", `${icons}#${icon}`);
  shown.querySelector("b").textContent = title;
  shown.querySelector("p").textContent = text ?? "";
  place.append(shown);
  while (place.children.length > 4) place.firstElementChild.remove();
  setTimeout(() => shown.remove(), tone === "alerta" ? 12000 : 6000);
}
// On a narrow screen the tabs of a group scroll: the one that is open is seen.
document.querySelector(".tabs-row [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
