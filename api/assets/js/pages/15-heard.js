// What this tab has heard, by its number: what is told again to a page that has just opened pops up once.
const HEARD = "qoricash_oidos";
const numbers = () => JSON.parse(sessionStorage.getItem(HEARD) ?? "[]");

window.heard = {
  last: () => Math.max(0, ...numbers()),
  first(told) {
    const [known, one] = [numbers(), told?.notification_id];
    if (!one) return true;
    if (known.includes(one)) return false;
    sessionStorage.setItem(HEARD, JSON.stringify([...known, one].slice(-100)));
    return true;
  },
};
