// The page as a whole: who has signed in, which view an address shows, and what happens if there is none.

import { ApiError, get, prefetch, signOut } from "./api.js";
import { CallsView } from "./calls.js";
import { h, say } from "./dom.js";
import { Question } from "./filters.js";
import { setOffice } from "./format.js";

const main = document.getElementById("main");
const CALL = /^\/calls\/([0-9a-f]{32})$/;
const PAGES = [["/calls", "Calls", "calls"], ["/now", "Now", "calls"], ["/messages", "Voicemail and faxes", "calls"], ["/operations", "Health", "operators"]];
let me = null;
let view = null;
let calls = null; // stays while a call is open, so that one comes back to the same place
const kept = {}; // as these do

// Show what the address says.
async function show({ focus = true } = {}) {
  const { pathname, search } = location;
  const [, call] = CALL.exec(pathname) ?? [];
  const role = pathname === "/operations" ? "operators" : "calls";
  const before = view;
  markPage(pathname);
  if (!me.user.roles.includes(role)) {
    before?.hide();
    view = null;
    return refuse(role);
  }
  try {
    if (role === "operators") {
      const { HealthView } = await import("./health.js");
      view = new HealthView(context);
    } else if (call) {
      const { CallView } = await import("./call.js");
      const back = before?.path && [before.path + before.search, before.title];
      view = new CallView(context, call, search, { ...calls?.around(call), back });
    } else if (pathname === "/now") {
      const { NowView } = await import("./now.js");
      view = kept.now ??= new NowView(context);
    } else if (pathname === "/messages") {
      const { MessagesView } = await import("./messages.js");
      view = kept.messages ??= new MessagesView(context);
    } else {
      calls ??= new CallsView(context);
      view = calls;
    }
  } catch {
    return message("This part of the page can't be loaded.", "It may have been updated, or the connection is down.", "Load it again");
  }
  if (before && before !== view) {
    before.hide();
  }
  main.replaceChildren(view.element);
  document.title = `${view.title} · ${me.stack}`;
  view.show(search, { focus });
  return undefined;
}

const context = {
  get me() {
    return me;
  },
  go(address, { replace = false, focus = true } = {}) {
    history[replace ? "replaceState" : "pushState"](null, "", address);
    return show({ focus });
  },
  setTitle(title) {
    document.title = `${title} · ${me.stack}`;
  },
  // Say that the session is over, if that is what an error says.
  endsSession(error) {
    if (!error.isOver) {
      return false;
    }
    view?.hide();
    view = null;
    message("Your session is over.", "Sign in to go on where you were.", "Sign in again");
    return true;
  },
};

function message(title, text, link) {
  const heading = h("h1", { tabindex: -1 }, title);
  // A whole load of the same address: that is what signs in.
  main.replaceChildren(h("section", { class: "message" }, heading, h("p", {}, text), link && h("p", {}, h("a", { class: "button", href: location.href }, link))));
  document.title = title;
  heading.focus();
}

function refuse(role) {
  const what = role === "calls" ? "see calls" : "see how hookswitch is doing";
  message(`You may not ${what}.`, `You are signed in as ${me.user.email}. Ask who manages users for the role “${role}”.`);
}

function markPage(pathname) {
  for (const link of document.querySelectorAll("#pages a")) {
    const isHere = pathname.startsWith(link.pathname);
    link.toggleAttribute("aria-current", isHere);
    if (isHere) {
      link.setAttribute("aria-current", "page");
    }
  }
}

function showUser() {
  const links = PAGES.filter(([, , role]) => me.user.roles.includes(role));
  document.getElementById("pages").replaceChildren(...links.map(([href, text]) => h("a", { href, "data-route": "" }, text)));
  document.getElementById("stack").textContent = me.stack;
  document.getElementById("email").textContent = me.user.email;
  const roles = me.user.roles.length ? `Roles: ${me.user.roles.join(", ")}` : "No roles";
  document.getElementById("rights").textContent = `${roles}. Times are of ${me.time_zone}.`;
  document.getElementById("user").hidden = false;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-route]");
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (link && isPlain && me && !event.defaultPrevented) {
    event.preventDefault();
    context.go(link.pathname + link.search);
  }
  const menu = document.getElementById("user");
  if (menu.open && !menu.contains(event.target)) {
    menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  const menu = document.getElementById("user");
  if (event.key === "Escape" && menu.open) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.getElementById("sign-out").addEventListener("click", async (event) => {
  event.target.disabled = true;
  try {
    location.assign(await signOut());
  } catch (error) {
    event.target.disabled = false;
    document.getElementById("rights").textContent = `You are still signed in. ${error.message}`;
    say("You are still signed in.");
  }
});

window.addEventListener("popstate", () => me && show());

async function start() {
  if (["/", "/calls"].includes(location.pathname)) {
    prefetch(new Question(location.search).path());
  }
  try {
    me = await get("me");
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    if (!context.endsSession(error)) {
      message("This page can't be shown.", error.message, "Try again");
    }
    return;
  }
  setOffice(me.time_zone, me.now);
  showUser();
  if (location.pathname === "/") {
    const isOperator = me.user.roles.includes("operators") && !me.user.roles.includes("calls");
    history.replaceState(null, "", (isOperator ? "/operations" : "/calls") + location.search);
  }
  await show({ focus: false });
}

await start();
