// All that the page has asked for is answered on one stream, which the server ends as soon as nothing is under way.
// What is asked for in that moment would be heard of on no stream, and Gradio's page would wait for it for ever: on a
// bad network, where the end arrives late, it does not even start. So an end is passed on only where nothing is under
// way, else the stream is gone on with; and what is asked for while one ends waits until the page knows of the end.
// What is cancelled may still speak on its way out, and Gradio's page would show it over the word of Cancel; and take
// its last message, which has no values, for an error that ends the stream for all. Neither is passed on. The page also
// waits until the server has ended it, and forgets then whatever runs under the same button by that time; so it is
// answered at once. What has no name yet is cancelled as soon as it has one. The server ends all that a visitor has under
// one button, so that nothing is begun there again before it has answered.
(() => {
  const END = /^data: *\{"msg":"close_stream"/;
  const DONE = /^data: *\{"msg":"(process_completed|unexpected_error)","event_id":(?:"(\w+)")?/;
  const OF = /^data: *\{"msg":"(\w+)","event_id":"(\w+)"/;
  const LONGEST_END_MS = 5000;
  const fetched = window.fetch.bind(window);
  const underWay = new Set(); // what was asked for, by the server's names
  const early = new Set(); // what was done before the page has read its name
  const asking = new Set(); // what the server has not given a name yet
  const names = new Map(); // of what was asked for last, by its function; promises
  const cancelled = new Set(); // whose end the page has asked for
  const cancelling = new Map(); // what the server has not ended yet, by its function; promises
  let ending = Promise.resolve();

  const named = async (button, request) => {
    await cancelling.get(button);
    const answer = await fetched(...request);
    const said = answer.ok && (await answer.clone().json().catch(() => null));
    const name = said?.event_id;
    if (name && !early.delete(name)) underWay.add(name);
    return { answer, name };
  };
  const ask = async (...request) => {
    const { fn_index: button } = JSON.parse(request[1].body);
    const naming = named(button, request);
    names.set(
      button,
      naming.then(
        ({ name }) => name,
        () => null,
      ),
    );
    asking.add(naming);
    try {
      return (await naming).answer;
    } finally {
      asking.delete(naming);
      if (!asking.size) early.clear();
      await ending;
    }
  };

  // The messages of one answer, each with the empty line after it.
  async function* messages({ body }) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let parts = []; // of a message that may have megabytes: not joined before its end is there
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        const isSplit = value.startsWith("\n") && parts.at(-1)?.endsWith("\n");
        parts.push(value);
        if (!isSplit && !value.includes("\n\n")) continue;
        const whole = parts.join("").split("\n\n");
        parts = [whole.pop()].filter(Boolean);
        for (const message of whole) yield `${message}\n\n`;
      }
      if (parts.length) yield parts.join("");
    } finally {
      reader.cancel().catch(() => {}); // a browser has few connections to one server
    }
  }

  const note = (message) => {
    const [, what, name] = DONE.exec(message) ?? [];
    if (what === "unexpected_error") underWay.clear(); // it is about all of them
    else if (name && !underWay.delete(name) && asking.size) early.add(name);
  };

  const cancel = async (address, options) => {
    const body = JSON.parse(options.body);
    const asked = body.event_id ? null : await names.get(body.fn_index);
    const name = body.event_id ?? (underWay.has(asked) && asked);
    if (!name) return;
    cancelled.add(name);
    await fetched(address, { ...options, body: JSON.stringify({ ...body, event_id: name }) });
  };
  // Of what is cancelled nothing but that it is over.
  const passedOn = (message) => {
    const [, what, name] = OF.exec(message) ?? [];
    if (!cancelled.has(name)) return message;
    if (what !== "process_completed") return "";
    cancelled.delete(name);
    return `data: ${JSON.stringify({ msg: what, event_id: name, output: {}, success: false })}\n\n`;
  };

  async function* heard(answer, request) {
    let hasSaid = true;
    try {
      while (hasSaid && answer.ok) {
        hasSaid = false;
        for await (const message of messages(answer)) {
          if (END.test(message)) break;
          note(message);
          hasSaid = true;
          const said = passedOn(message);
          if (said) yield said;
        }
        // One slow way to the server holds up no other answer.
        while (asking.size && !underWay.size) await Promise.race([...asking].map((each) => each.catch(() => null)));
        if (!underWay.size) break;
        answer = await fetched(request);
      }
      if (underWay.size) throw new Error("the stream of answers was not to be had again"); // of which Gradio tells
    } finally {
      underWay.clear();
    }
    ending = new Promise((resolve) => {
      request.signal.addEventListener("abort", resolve);
      setTimeout(resolve, LONGEST_END_MS);
    });
    yield 'data: {"msg":"close_stream","event_id":null}\n\n';
  }

  const listen = async (...asked) => {
    // A browser keeps two requests of one address apart by its cache: one that waits there while the other one is given
    // up goes out twice, and the server tells the first what the page hears of the second alone.
    const request = new Request(new Request(...asked), { cache: "no-store" });
    const answer = await fetched(request);
    if (!answer.ok || !answer.body) return answer;
    const [said, written] = [heard(answer, request), new TextEncoder()];
    const body = new ReadableStream({
      async pull(stream) {
        const { value, done } = await said.next();
        if (done) stream.close();
        else stream.enqueue(written.encode(value));
      },
    });
    return new Response(body, { status: answer.status, headers: answer.headers });
  };

  window.fetch = (...request) => {
    const { pathname } = new URL(request[0].url ?? request[0], location.href);
    if (pathname.endsWith("/cancel")) {
      const ended = cancel(...request).catch(() => {}); // where the server is gone nothing is under way
      cancelling.set(JSON.parse(request[1].body).fn_index, ended);
      return Promise.resolve(new Response('{"success":true}'));
    }
    if (pathname.endsWith("/queue/join")) return ask(...request);
    return pathname.endsWith("/queue/data") ? listen(...request) : fetched(...request);
  };
})();
