/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_screen.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

#include "cli/complaint.h"

/* Of <term.h>. */
#undef lines
#undef columns

enum {
    ESCAPE_MS = 50, /* after Esc, for the rest of a key of several characters */
    PAIR_ODD = 1,
    PAIR_STALE,
    PAIR_ALARM,
    PAIR_TITLE,
};

static struct {
    SCREEN *screen;
    bool has_colours, is_utf8;
} own;

/* ---- taking it ---- */

/* NULL: it can be used. */
static const char *terminal_fault(void)
{
    const char *name = getenv("TERM");
    bool can_move;
    int found = 0;

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return "stdin and stdout must be a terminal; `--batch N` prints N samples without one";
    if (!name || !*name)
        return "TERM is not set; `--batch N` prints N samples without a terminal";
    if (setupterm(NULL, STDOUT_FILENO, &found) != OK)
        return "the terminal that TERM names is not known; `--batch N` needs none";
    can_move = cursor_address && clear_screen;
    (void)del_curterm(cur_term); /* newterm() has one of its own */
    if (!can_move)
        return "the terminal that TERM names cannot move its cursor; `--batch N` needs none";
    return NULL;
}

static void colours_begin(void)
{
    const char *none = getenv("NO_COLOR");

    own.has_colours =
        !(none && *none) && has_colors() && start_color() == OK && use_default_colors() == OK;
    if (!own.has_colours)
        return;
    (void)init_pair(PAIR_ODD, COLOR_YELLOW, -1);
    (void)init_pair(PAIR_STALE, COLOR_BLUE, -1);
    (void)init_pair(PAIR_ALARM, COLOR_RED, -1);
    (void)init_pair(PAIR_TITLE, COLOR_CYAN, -1);
}

bool top_screen_open(void)
{
    const char *fault = terminal_fault();

    if (!fault) {
        (void)setlocale(LC_CTYPE, "");
        own.is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
        own.screen = newterm(NULL, stdout, stdin);
        if (!own.screen)
            fault = "the terminal cannot be used";
    }
    if (fault) {
        complaint_print("top: %s", fault);
        return false;
    }
    (void)cbreak();
    (void)noecho();
    (void)nonl();
    (void)keypad(stdscr, TRUE);
    (void)nodelay(stdscr, TRUE);
    (void)set_escdelay(ESCAPE_MS);
    (void)curs_set(0);
    colours_begin();
    return true;
}

void top_screen_close(void)
{
    (void)endwin();
    delscreen(own.screen);
    own.screen = NULL;
}

/* ---- drawing ---- */

static void style_set(enum top_style style)
{
    static const struct {
        attr_t with, without; /* colours */
        short pair;
    } styles[TOP_STYLES] = {
        [TOP_BOLD] = {A_BOLD, A_BOLD, 0},           [TOP_TITLE] = {A_BOLD, A_BOLD, PAIR_TITLE},
        [TOP_SORTED] = {A_REVERSE, A_REVERSE, 0},   [TOP_SELECTED] = {A_REVERSE, A_REVERSE, 0},
        [TOP_ODD] = {A_NORMAL, A_BOLD, PAIR_ODD},   [TOP_STALE] = {A_NORMAL, A_DIM, PAIR_STALE},
        [TOP_ALARM] = {A_BOLD, A_BOLD, PAIR_ALARM},
    };

    (void)attr_set(own.has_colours ? styles[style].with : styles[style].without,
                   own.has_colours ? styles[style].pair : 0, NULL);
}

/* In a locale that is not UTF-8, what is not ASCII becomes '?': one for each character. */
static void part_put(const char *text, size_t len, enum top_style style)
{
    style_set(style);
    if (own.is_utf8) {
        (void)addnstr(text, (int)len);
        return;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];

        if ((byte & 0xc0) != 0x80)
            (void)addch(byte < 0x80 ? byte : '?');
    }
}

static void line_draw(const struct top_line *line, int row)
{
    size_t len = strlen(line->text);

    (void)move(row, 0);
    part_put(line->text, line->from, line->style);
    part_put(line->text + line->from, line->to - line->from, line->mark);
    part_put(line->text + line->to, len - line->to, line->style);
    style_set(TOP_PLAIN);
    (void)clrtoeol();
}

void top_screen_draw(const struct top_frame *frame)
{
    (void)erase();
    for (int i = 0; i < frame->count && i < LINES; i++)
        line_draw(&frame->lines[i], i);
    (void)refresh();
}

void top_screen_size(int *rows, int *columns)
{
    *rows = LINES;
    *columns = COLS;
}

/* ---- keys ---- */

static bool is_gone(void)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};

    return poll(&in, 1, 0) == 1 && (in.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static int key_of(int key)
{
    static const struct {
        int curses, ours;
    } keys[] = {
        {KEY_ENTER, TOP_KEY_ENTER},
        {'\r', TOP_KEY_ENTER},
        {'\n', TOP_KEY_ENTER},
        {'\t', TOP_KEY_TAB},
        {KEY_BTAB, TOP_KEY_BACK_TAB},
        {0x1b, TOP_KEY_ESCAPE},
        {KEY_BACKSPACE, TOP_KEY_BACKSPACE},
        {0x7f, TOP_KEY_BACKSPACE},
        {'\b', TOP_KEY_BACKSPACE},
        {KEY_UP, TOP_KEY_UP},
        {KEY_DOWN, TOP_KEY_DOWN},
        {KEY_LEFT, TOP_KEY_LEFT},
        {KEY_RIGHT, TOP_KEY_RIGHT},
        {KEY_PPAGE, TOP_KEY_PAGE_UP},
        {KEY_NPAGE, TOP_KEY_PAGE_DOWN},
        {KEY_HOME, TOP_KEY_HOME},
        {KEY_END, TOP_KEY_END},
        {KEY_RESIZE, TOP_KEY_RESIZED},
    };

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        if (keys[i].curses == key)
            return keys[i].ours;
    }
    return key < 0x100 ? key : 0;
}

int top_screen_key(void)
{
    int key = getch();

    if (key == ERR)
        return is_gone() ? TOP_KEY_GONE : TOP_NO_KEY;
    return key_of(key);
}
