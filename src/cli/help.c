/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum {
    TERM_COLUMNS = 24,
    LINE_COLUMNS = 80,
    SYNOPSIS_OPTIONS = 3, /* that fit into a line */
};

static const char ends[] =
    "exit status: 0 on success, 1 if the command failed, 2 on a usage error\n";

/* How much of the text fits into so many columns: whole words, but at least one. */
static size_t line_len(const char *text, size_t columns)
{
    size_t len = strcspn(text, " ");

    while (text[len]) {
        size_t more = 1 + strcspn(text + len + 1, " ");

        if (len + more > columns)
            break;
        len += more;
    }
    return len;
}

/* In lines of whole words; those after the first are indented. */
static void text_print(FILE *out, const char *text, int indent)
{
    const char *before = "";

    while (*text) {
        size_t len = line_len(text, (size_t)(LINE_COLUMNS - indent));

        (void)fprintf(out, "%s%*s%.*s", before, *before ? indent : 0, "", (int)len, text);
        text += len + (text[len] == ' ');
        before = "\n";
    }
    (void)fputc('\n', out);
}

/* "  term   text", the text in lines that begin below each other. */
static void item_print(FILE *out, const char *term, const char *text)
{
    size_t used = strlen(term) + 2;

    (void)fprintf(out, "  %s", term);
    if (used + 2 > TERM_COLUMNS) {
        (void)fputc('\n', out);
        used = 0;
    }
    (void)fprintf(out, "%*s", (int)(TERM_COLUMNS - used), "");
    text_print(out, text, TERM_COLUMNS);
}

static void option_print(FILE *out, const struct command_option *option)
{
    char term[80];

    (void)snprintf(term, sizeof(term), "%s--%s%s%s",
                   strcmp(option->name, "help") == 0 ? "-h, " : "", option->name,
                   option->value ? " " : "", option->value ? option->value : "");
    item_print(out, term, option->help);
}

static void options_put(FILE *out, const struct command_option *options)
{
    for (const struct command_option *o = options; o->name; o++)
        (void)fprintf(out, " [--%s%s%s]", o->name, o->value ? " " : "", o->value ? o->value : "");
}

char *help_synopsis(const struct command *command)
{
    size_t size;
    char *text;
    FILE *out = open_memstream(&text, &size);

    CHECK(out);
    (void)fprintf(out, "mainstay %s", command->noun);
    if (command->verb)
        (void)fprintf(out, " %s", command->verb);
    if (*command->arguments)
        (void)fprintf(out, " %s", command->arguments);
    if (command->options[SYNOPSIS_OPTIONS].name)
        (void)fprintf(out, " [OPTION]...");
    else
        options_put(out, command->options);
    CHECK(fclose(out) == 0);
    return text;
}

void help_print_command(const struct command *command, FILE *out)
{
    char *synopsis = help_synopsis(command), *text;

    (void)fprintf(out, "usage: %s\nexample: %s\n\n", synopsis, command->example);
    CHECK(asprintf(&text, "%c%s.", toupper(command->help[0]), command->help + 1) > 0);
    text_print(out, text, 0);
    if (command->details)
        text_print(out, command->details, 0);
    (void)fputc('\n', out);
    for (const struct command_option *o = command->options; o->name; o++)
        option_print(out, o);
    for (int i = 0; i <= GLOBAL_HELP; i++)
        option_print(out, &command_globals[i]);
    if (command->path)
        (void)fprintf(out, "\nIt sends %s %s%s.\n", command->method,
                      command->at_root ? "" : "/api/v1", command->path);
    free(text);
    free(synopsis);
}

static void row_print(FILE *out, const struct command *row)
{
    char term[96];

    (void)snprintf(term, sizeof(term), "%s%s%s", row->verb ? row->verb : row->noun,
                   *row->arguments ? " " : "", row->arguments);
    item_print(out, term, row->help);
}

void help_print_noun(const struct command_table *table, const char *noun, FILE *out)
{
    const char *example = NULL;

    (void)fprintf(out, "usage: mainstay %s COMMAND [ARGUMENT]...\n", noun);
    for (uint32_t i = 0; i < table->count; i++) {
        if (strcmp(table->of[i].noun, noun) != 0)
            continue;
        if (!example)
            (void)fprintf(out, "example: %s\n\n", example = table->of[i].example);
        row_print(out, &table->of[i]);
    }
    (void)fprintf(out, "\n`mainstay %s COMMAND --help` describes a command.\n", noun);
}

void help_print_all(const struct command_table *table, FILE *out)
{
    (void)fputs("usage: mainstay COMMAND [ARGUMENT]...\n"
                "example: mainstay client list\n\n"
                "Shows and changes what a mainstayd does, over its admin endpoint.\n\n",
                out);
    for (uint32_t i = 0; i < table->count; i++) {
        const struct command *row = &table->of[i];

        if (!row->verb)
            row_print(out, row);
        else if (row->noun_help)
            item_print(out, row->noun, row->noun_help);
    }
    (void)fputc('\n', out);
    for (int i = 0; i < GLOBAL_COUNT; i++)
        option_print(out, &command_globals[i]);
    (void)fprintf(out, "\n`mainstay COMMAND --help` describes a command.\n\n%s", ends);
}
