// Keeps the files that are named by their content and the page without data. Nothing under a session, no rate, no act:
// a confirmation that left late would be another price.
const CACHE = `qoricash-${KEPT.join("|").split("").reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7)}`;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(CACHE).then((cache) => cache.addAll([...KEPT, new Request(OFFLINE, { credentials: "omit" })])).then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const { origin, pathname } = new URL(request.url);
  if (origin !== self.location.origin) return;
  if (KEPT.includes(pathname)) {
    event.respondWith(caches.match(pathname).then((kept) => kept ?? fetch(request)));
  } else if (request.mode === "navigate" && !pathname.startsWith("/panel")) {
    event.respondWith(fetch(request).catch(() => caches.match(OFFLINE)));
  }
});

// A push carries a title and a text that may be read on a locked screen; the page asks for the rest by its session.
self.addEventListener("push", (event) => {
  const told = event.data?.json() ?? {};
  const code = told.data?.operation_id;
  const data = { url: typeof code === "string" && code.startsWith("EXP-") ? `/operaciones/${code}` : "/inicio" };
  const shown = self.registration.showNotification(told.title ?? "QoriCash", {
    body: told.body ?? "", icon: ICON, tag: data.url, lang: "es-PE", data,
  });
  event.waitUntil(Promise.all([shown, self.navigator.setAppBadge?.(1)]));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { url } = event.notification.data;
  event.waitUntil(
    self.clients.matchAll({ type: "window", includeUncontrolled: true }).then((open) => {
      const here = open.find((one) => new URL(one.url).pathname === url);
      return here ? here.focus() : self.clients.openWindow(url);
    }),
  );
});
