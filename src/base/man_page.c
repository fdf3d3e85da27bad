/* SPDX-License-Identifier: Apache-2.0 */
#include "base/man_page.h"

#include <stdbool.h>
#include <string.h>

enum {
    OPTION_INDENT = 2,
    TEXT_INDENT = 16, /* and more: the explanation of an option goes on */
};

/* A backquote that begins or ends something, with the rest of its line. */
static void quote_print(FILE *out, const char *rest, size_t len, bool *bold)
{
    if (!*bold && !memchr(rest, '`', len)) {
        (void)fputs("\\(ga", out);
        return;
    }
    *bold = !*bold;
    (void)fputs(*bold ? "\\fB" : "\\fR", out);
}

/* Not as the beginning of a line, where a period or quote would be a request.  What stands between
 * backquotes is bold. */
static void span_print(FILE *out, const char *text, size_t len)
{
    bool bold = false;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\\')
            (void)fputs("\\e", out);
        else if (text[i] == '-')
            (void)fputs("\\-", out);
        else if (text[i] == '\'')
            (void)fputs("\\(aq", out);
        else if (text[i] == '"')
            (void)fputs("\\(dq", out);
        else if (text[i] == '~')
            (void)fputs("\\(ti", out);
        else if (text[i] == '^')
            (void)fputs("\\(ha", out);
        else if (text[i] == '`')
            quote_print(out, text + i + 1, len - i - 1, &bold);
        else
            (void)fputc(text[i], out);
    }
}

static void line_print(FILE *out, const char *text, size_t len)
{
    if (len > 0 && text[0] == '.')
        (void)fputs("\\&", out);
    span_print(out, text, len);
    (void)fputc('\n', out);
}

static void lines_print(FILE *out, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\n");

        line_print(out, text, len);
        text += len + (text[len] == '\n');
    }
}

void man_page_begin(FILE *out, const char *name, int section, const char *summary)
{
    (void)fprintf(out, ".\\\" made by the program from its tables\n.TH ");
    for (const char *c = name; *c; c++)
        (void)fputc(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c, out);
    (void)fprintf(out, " %d \"\" \"Mainstay " MAINSTAY_VERSION "\" \"Mainstay\"\n.SH NAME\n",
                  section);
    span_print(out, name, strlen(name));
    (void)fputs(" \\- ", out);
    span_print(out, summary, strlen(summary));
    (void)fputc('\n', out);
}

void man_page_section(FILE *out, const char *title)
{
    (void)fprintf(out, ".SH %s\n", title);
}

void man_page_subsection(FILE *out, const char *title)
{
    (void)fprintf(out, ".SS %s\n", title);
}

void man_page_paragraph(FILE *out, const char *text)
{
    (void)fputs(".PP\n", out);
    lines_print(out, text);
}

static void term_print(FILE *out, const char *term, size_t len)
{
    (void)fputs(".TP\n\\fB", out);
    span_print(out, term, len);
    (void)fputs("\\fR\n", out);
}

void man_page_item(FILE *out, const char *term, const char *text)
{
    term_print(out, term, strlen(term));
    lines_print(out, text);
}

void man_page_item_more(FILE *out, const char *text)
{
    (void)fputs(".IP\n", out);
    lines_print(out, text);
}

void man_page_example(FILE *out, const char *text)
{
    (void)fputs(".PP\n.RS 8\n.nf\n", out);
    lines_print(out, text);
    (void)fputs(".fi\n.RE\n", out);
}

void man_page_see_also(FILE *out, const char *const *pages)
{
    man_page_section(out, "SEE ALSO");
    for (; *pages; pages++) {
        const char *section = strchr(*pages, '(');

        (void)fputs(".BR ", out);
        span_print(out, *pages, (size_t)(section - *pages));
        (void)fprintf(out, " %s%s\n", section, pages[1] ? " ," : "");
    }
}

/* ---- from what --help prints ---- */

enum usage_kind {
    USAGE_BLANK,
    USAGE_SYNOPSIS, /* and the lines that continue it */
    USAGE_EXAMPLE,
    USAGE_TEXT,
    USAGE_OPTION,
    USAGE_OPTION_TEXT,
};

static enum usage_kind usage_kind(const char *line, size_t len, bool after_synopsis)
{
    size_t indent = strspn(line, " ");

    if (len == 0)
        return USAGE_BLANK;
    if (strncmp(line, "usage: ", strlen("usage: ")) == 0 || (after_synopsis && indent > 0))
        return USAGE_SYNOPSIS;
    if (strncmp(line, "example: ", strlen("example: ")) == 0)
        return USAGE_EXAMPLE;
    if (indent >= TEXT_INDENT)
        return USAGE_OPTION_TEXT;
    return indent == OPTION_INDENT ? USAGE_OPTION : USAGE_TEXT;
}

/* "  --lease S     lease time": the term ends before two spaces. */
static void option_print(FILE *out, const char *line, size_t len)
{
    size_t end = OPTION_INDENT, text;

    while (end < len && strncmp(line + end, "  ", 2) != 0)
        end++;
    text = end + strspn(line + end, " ");
    term_print(out, line + OPTION_INDENT, end - OPTION_INDENT);
    if (text < len)
        line_print(out, line + text, len - text);
}

static void usage_line_print(FILE *out, enum usage_kind kind, const char *line, size_t len)
{
    size_t indent = strspn(line, " ");

    switch (kind) {
    case USAGE_BLANK:
        return;
    case USAGE_SYNOPSIS:
        indent = strncmp(line, "usage: ", strlen("usage: ")) == 0 ? strlen("usage: ") : indent;
        (void)fputs(".br\n", out);
        line_print(out, line + indent, len - indent);
        return;
    case USAGE_EXAMPLE:
        (void)fputs(".PP\n.nf\n", out);
        line_print(out, line + strlen("example: "), len - strlen("example: "));
        (void)fputs(".fi\n", out);
        return;
    case USAGE_TEXT:
    case USAGE_OPTION_TEXT:
        line_print(out, line + indent, len - indent);
        return;
    case USAGE_OPTION:
        option_print(out, line, len);
        return;
    }
}

/* The lines of some kinds, as one part.  Nothing if there are none. */
static void usage_part(FILE *out, const char *usage, const char *title, enum usage_kind first,
                       enum usage_kind last)
{
    bool after_synopsis = false, begun = false;

    while (*usage) {
        size_t len = strcspn(usage, "\n");
        enum usage_kind kind = usage_kind(usage, len, after_synopsis);

        after_synopsis = kind == USAGE_SYNOPSIS;
        if (kind >= first && kind <= last) {
            if (!begun)
                man_page_section(out, title);
            begun = true;
            usage_line_print(out, kind, usage, len);
        }
        usage += len + (usage[len] == '\n');
    }
}

void man_page_usage(FILE *out, const char *usage)
{
    usage_part(out, usage, "SYNOPSIS", USAGE_SYNOPSIS, USAGE_SYNOPSIS);
    usage_part(out, usage, "DESCRIPTION", USAGE_TEXT, USAGE_TEXT);
    usage_part(out, usage, "OPTIONS", USAGE_OPTION, USAGE_OPTION_TEXT);
    usage_part(out, usage, "EXAMPLES", USAGE_EXAMPLE, USAGE_EXAMPLE);
}
