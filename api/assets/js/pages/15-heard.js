// What this tab has heard, by its number: what is told again to a page that has just opened pops up once.
const HEARD = "qoricash_oidos";

window.heardFirst = (told) => {
  const [known, one] = [JSON.parse(sessionStorage.getItem(HEARD) ?? "[]"), told?.notification_id];
  if (!one) return true;
  if (known.includes(one)) return false;
  sessionStorage.setItem(HEARD, JSON.stringify([...known, one].slice(-100)));
  return true;
};
