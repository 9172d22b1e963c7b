// The phone's app: the service worker, installing, and pushes of this browser.
const { meta, notice } = window.portal;
const all = (selector) => document.querySelectorAll(selector);
const show = (selector, on) => all(selector).forEach((part) => { part.hidden = !on; });
let asking = null;

const worker = "serviceWorker" in navigator ? navigator.serviceWorker.register("/sw.js") : null;

addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  asking = event;
  show("[data-install]", true);
});

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const tell = (path, body) => fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

async function standing() {
  if (!meta("sesion") || !worker || !("PushManager" in window) || !all("[data-push]").length) return;
  const subscribed = await (await worker).pushManager.getSubscription();
  const possible = Notification.permission !== "denied" && (subscribed || meta("avisos"));
  show("[data-push]", Boolean(possible) && !subscribed);
  show("[data-push-active]", Boolean(subscribed));
  show("[data-push-part]", Boolean(possible));
}

async function subscribe() {
  if (await Notification.requestPermission() !== "granted") {
    notice("bell-off", "Tu navegador no dio permiso. Actívalo en sus ajustes si cambias de idea.", "error");
    return;
  }
  const made = await (await worker).pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(meta("avisos")) });
  const answer = await tell("/api/web/push/subscribe", made.toJSON());
  const told = await answer.json();
  if (!answer.ok) await made.unsubscribe();
  notice(answer.ok ? "bell-ring" : "circle-alert", told.message, answer.ok ? "" : "error");
  standing();
}

// A browser that kept its subscription from an earlier session: is it still this client's? Asked once a session.
const RESUMED = "qoricash_avisos";
async function resume() {
  if (!meta("sesion") || !worker || !("PushManager" in window) || sessionStorage.getItem(RESUMED) === meta("csrf")) return;
  const made = await (await worker).pushManager.getSubscription();
  if (made) {
    const answer = await tell("/api/web/push/resume", { endpoint: made.endpoint });
    if (!answer.ok) return;
    if (!(await answer.json()).active) await made.unsubscribe();
  }
  sessionStorage.setItem(RESUMED, meta("csrf"));
}

async function unsubscribe() {
  const made = await (await worker).pushManager.getSubscription();
  if (!made) return;
  await tell("/api/web/push/unsubscribe", { endpoint: made.endpoint });
  await made.unsubscribe();
}

document.addEventListener("click", async (event) => {
  const on = (selector) => event.target.closest(selector);
  if (on("[data-install-now]") && asking) { asking.prompt(); asking = null; show("[data-install]", false); }
  if (on("[data-push-on]")) await subscribe();
  if (on("[data-push-off]")) { await unsubscribe(); standing(); }
});
// Who leaves takes its pushes and the badge along.
document.addEventListener("htmx:confirm", (event) => {
  if (!event.target.matches("form[data-leave]")) return;
  event.preventDefault();
  Promise.resolve(worker ? unsubscribe() : null).finally(() => { navigator.clearAppBadge?.(); event.detail.issueRequest(true); });
});
document.addEventListener("partes", standing);
document.addEventListener("htmx:afterSettle", standing);
resume().then(standing);
