"""A class in real browsers: one teacher and three students, one of them on a phone."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from playwright.sync_api import Browser, Page, expect

from demo import app, locales
from demo.classroom.addresses import addresses
from demo.classroom.room import Classroom
from demo.hosting import routes
from demo.lesson.choices import STEPS
from demo.locales import text
from tests.e2e.checks import expect_no_sideways_scroll, expect_no_violations
from tests.e2e.relay import Relay, relayed
from tests.e2e.ways import PHONE, enter
from tests.ports import free_port

STUDENTS = ({}, {"locale": "zh-CN"}, PHONE)
# The next thing that the page asks the server for is on its way for so long that what it asks for afterwards overtakes.
HOLD_NEXT = """() => {
  const fetched = window.fetch;
  window.fetch = async (...request) => {
    if (String(request[0].url ?? request[0]).includes("/queue/join")) {
      window.fetch = fetched;
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
    return fetched(...request);
  };
}"""


@pytest.fixture(scope="module")
def classroom() -> Classroom:
    return Classroom({step.name: step.choices for step in STEPS})


@pytest.fixture(scope="module")
def relay(classroom: Classroom) -> Iterator[Relay]:
    page = app.build(classroom=classroom, shared=("http://192.0.2.1:7860",))
    page.queue()
    port = free_port()
    page.launch(prevent_thread_lock=True, quiet=True, server_port=port, **app.launch_options())
    routes.add(page, addresses(classroom))
    with relayed(port) as between:
        yield between
    page.close()


@pytest.fixture
def join(browser: Browser, relay: Relay) -> Iterator:
    contexts = []
    errors: list[str] = []

    def opened(search: str = "", **options: object) -> Page:
        usual = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US", "reduced_motion": "reduce"}
        contexts.append(browser.new_context(**{**usual, **options}))
        page = contexts[-1].new_page()
        page.set_default_timeout(90_000)
        page.on("pageerror", lambda error: errors.append(f"{error}\n{error.stack}"))
        page.goto(f"http://127.0.0.1:{relay.port}/{search}")
        page.locator(".status .state.ok").wait_for(state="attached")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


def question(page: Page, name: str) -> None:
    expect(page.locator(f'.lesson-step[data-question="{name}"]')).to_be_visible()


def told(name: str, language: str) -> str:
    return max(re.split(r"\{[^}]*\}|\[[^\]]*\]", locales.table(language)[f"lesson_{name}_told"]), key=len)


def test_a_class_follows_guesses_and_sees_the_answer_when_the_teacher_shows_it(join, relay: Relay, classroom) -> None:
    teacher = join(f"#teacher={classroom.secret}")
    assert classroom.secret not in teacher.url  # what is on the wall shows it to nobody
    question(teacher, STEPS[0].name)  # where the lesson begins, below the way to join
    expect(teacher.locator(".class-join")).to_contain_text("http://192.0.2.1:7860")
    expect(teacher.locator(".class-join .qr")).to_be_visible()
    expect(teacher.locator("[data-join-here]")).to_have_text("0 here")
    expect(teacher.locator(".sidebar.open")).to_have_count(0)
    expect_no_violations(teacher, ".class-bar")
    students = [join(**options) for options in STUDENTS]
    expect(teacher.locator(".class-join")).to_be_hidden()
    teacher.evaluate("resnetExplorer.lessonStep('cost')")
    for student in students:
        question(student, "cost")
        expect(student.locator("[data-follow]")).to_be_checked()
        for part in (".lesson-nav", ".lesson-turn", "[data-alone]"):  # the teacher leads
            expect(student.locator(part)).to_be_hidden()
        student.keyboard.press("ArrowRight")
        question(student, "cost")
    expect(teacher.locator(".lesson-choices button:enabled")).to_have_count(0)
    expect(teacher.locator(".lesson-held")).to_have_text(text("en", "lesson_held_teacher", reveal="Show the answer"))
    expect(teacher.locator(".class-bar [data-here]")).to_have_text("3 here")
    for student, letter in zip(students, "aab", strict=True):
        student.keyboard.press(letter)
        expect(student.locator('[data-guess][aria-pressed="true"]')).to_have_count(1)
    expect(teacher.locator("[data-answered]")).to_have_text("3 guessed")

    teacher.reload()  # who teaches, and where, is kept
    teacher.locator(".status .state.ok").wait_for(state="attached")
    question(teacher, "cost")
    expect(teacher.locator("[data-answered]")).to_have_text("3 guessed")
    expect_no_violations(teacher, ".class-bar")
    teacher.get_by_role("button", name="Ask again").click()
    for student in students:  # a new round: nothing is chosen any more
        expect(student.locator('[data-guess][aria-pressed="true"]')).to_have_count(0)
    for page, language in zip([teacher, *students], ("en", "en", "zh-CN", "en"), strict=True):
        expect(page.locator(".lesson-again")).to_have_text(text(language, "lesson_second"))
    expect(teacher.locator("[data-round]")).to_have_text("2nd round")
    students[2].keyboard.press("a")
    expect(teacher.locator("[data-answered]")).to_have_text("1 guessed")
    sent = unescape(relay.sent())
    for language in ("en", "zh-CN"):
        assert told("cost", language) not in sent  # nothing that the server has sent to anyone holds the answer
    assert 'class="right"' not in sent

    teacher.get_by_role("button", name="Show the answer").click()
    for page, language in zip([teacher, *students], ("en", "en", "zh-CN", "en"), strict=True):
        expect(page.locator(".lesson-told")).to_contain_text(told("cost", language).strip())
        bars = page.locator(".lesson-choices li").first.locator(".lesson-bar small:last-child")
        expect(bars).to_have_text(["2", "1"])  # before, and after
    assert told("cost", "zh-CN") in unescape(relay.sent())
    expect_no_sideways_scroll(students[2])


def test_a_student_goes_alone_and_comes_back(join, classroom: Classroom) -> None:
    teacher, student = join(f"?tab=lesson&step=picture#teacher={classroom.secret}"), join(**PHONE)
    question(student, "picture")
    for part in (".lesson-ask", *(f".lesson-choices li:nth-child({place})" for place in range(1, 5))):
        expect(student.locator(part)).to_be_in_viewport(ratio=1)  # all that the question has, on a phone
    assert student.locator(".lesson-figure img").evaluate("(photo) => photo.clientHeight / innerHeight") <= 0.35
    student.mouse.wheel(0, 4000)
    teacher.evaluate("resnetExplorer.lessonStep('parts')")
    question(student, "parts")
    expect(student.locator(".lesson-figure")).to_be_in_viewport(ratio=1)  # what is new begins at its top
    student.locator("[data-follow]").uncheck()
    student.get_by_role("button", name="Next step").click()
    question(student, "deeper")
    student.evaluate("resnetExplorer.lessonStep('fool')")
    question(student, "fool")
    teacher.keyboard.press("ArrowRight")
    question(teacher, "deeper")
    expect(teacher.locator(".class-bar [data-here]")).to_have_text("1 here, 1 of them on their own")
    student.wait_for_timeout(2500)  # longer than between two of its questions
    question(student, "fool")
    student.reload()
    question(student, "fool")
    expect_no_violations(student, ".class-bar")
    for end in (0, 100_000):
        student.evaluate("(end) => scrollTo(0, end)", end)
        expect(student.locator("[data-alone]")).to_be_in_viewport(ratio=1)
    student.get_by_role("button", name="Back to the class").tap()
    question(student, "deeper")
    expect(student.locator("[data-follow]")).to_be_checked()
    expect(student.locator("[data-alone]")).to_be_hidden()
    expect(teacher.locator(".class-bar [data-here]")).to_have_text("1 here")
    student.keyboard.press("a")
    expect(student.locator(".lesson-held")).to_have_text(text("en", "lesson_held_guessed"))


def test_a_paused_class_stays(join, classroom: Classroom) -> None:
    teacher, student = join(f"?tab=lesson&step=reason#teacher={classroom.secret}"), join()
    question(student, "reason")
    teacher.get_by_role("button", name="Pause").click()
    expect(student.locator("[data-paused]")).to_have_text("The teacher has paused.")
    enter(teacher, "Batch")
    student.wait_for_timeout(2500)
    question(student, "reason")
    teacher.get_by_role("button", name="Continue").click()
    expect(student.locator("#tabs").get_by_role("tab", name="Batch")).to_have_attribute("aria-selected", "true")


def test_a_vote_on_the_teachers_photo_leaves_the_students_alone(join, relay: Relay, classroom: Classroom) -> None:
    teacher, student = join(f"?tab=lesson&step=picture#teacher={classroom.secret}"), join()
    question(student, "picture")
    expect(teacher.locator("[data-example-note]")).to_have_text(text("en", "class_vote_example"))
    teacher.get_by_text("Another photo", exact=True).click()
    teacher.locator("#lesson-examples button").first.click()
    expect(teacher.locator("#photo img").first).to_have_attribute("src", re.compile("ant-leaf"))
    expect(teacher.locator("[data-example-note]")).to_be_hidden()
    before = len(relay.sent())
    teacher.get_by_role("button", name="Vote on my photo").click()
    question(student, "vote-1")
    student.keyboard.press("b")
    expect(teacher.locator("[data-answered]")).to_have_text("1 guessed")
    assert "The network says" not in relay.sent()[before:]
    teacher.keyboard.press("f")
    teacher.locator("h1, body").first.click(position={"x": 2, "y": 2})
    teacher.keyboard.press(" ")
    for page in (teacher, student):
        expect(page.locator(".lesson-step.shown")).to_be_visible()
        expect(page.locator(".lesson-choices .right")).to_contain_text("ants")
    expect(student.locator(".lesson-told")).to_contain_text("The network says ants")
    expect(student.locator(".lesson-choices li").nth(1).locator(".lesson-bar small:last-child").first).to_have_text("1")
    enter(student, "Classify")
    expect(student.locator(".result")).to_have_attribute("data-photo", "bee-clover.jpg")  # a student's is a student's


def test_a_guess_that_was_not_counted_is_not_shown_as_one_and_a_new_class_begins_without_any(
    join, classroom: Classroom
) -> None:
    teacher, student = join(f"?tab=lesson&step=kernel#teacher={classroom.secret}"), join()
    question(student, "kernel")
    student.route("**/class/guess", lambda route: route.fulfill(status=409, body="{}"))
    for lost in ("", "**/class/state*"):  # the second time the page has heard nothing of the class for a while
        if lost:
            student.route(lost, lambda route: route.fulfill(status=502))
            expect(student.locator(".class-bar [data-lost]")).to_be_visible()
        student.evaluate(HOLD_NEXT)
        student.keyboard.press("a")
        student.wait_for_timeout(2500)
        expect(student.locator(".lesson-held")).to_have_text(text("en", "lesson_held"))
        expect(student.locator('[data-guess][aria-pressed="true"]')).to_have_count(0)
    student.unroute("**/class/state*")
    expect(student.locator(".class-bar [data-lost]")).to_be_hidden()
    student.unroute("**/class/guess")
    student.keyboard.press("b")
    expect(teacher.locator("[data-answered]")).to_have_text("1 guessed")
    teacher.get_by_role("button", name="New class").click()
    expect(student.locator('[data-guess][aria-pressed="true"]')).to_have_count(0)
    expect(teacher.locator("[data-answered]")).to_have_text("0 guessed")
    student.keyboard.press("c")
    expect(teacher.locator("[data-answered]")).to_have_text("1 guessed")
