/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum {
    TERM_COLUMNS = 24,
    TEXT_COLUMNS = 72,
};

static const char ends[] =
    "exit status: 0 on success, 1 if the command failed, 2 on a usage error\n";

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
    while (strlen(text) > TEXT_COLUMNS) {
        size_t len = TEXT_COLUMNS;

        while (len > 0 && text[len] != ' ')
            len--;
        if (len == 0)
            break;
        (void)fprintf(out, "%.*s\n%*s", (int)len, text, TERM_COLUMNS, "");
        text += len + 1;
    }
    (void)fprintf(out, "%s\n", text);
}

static void option_print(FILE *out, const struct command_option *option)
{
    char term[80];

    (void)snprintf(term, sizeof(term), "%s--%s%s%s",
                   strcmp(option->name, "help") == 0 ? "-h, " : "", option->name,
                   option->value ? " " : "", option->value ? option->value : "");
    item_print(out, term, option->help);
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
    for (const struct command_option *o = command->options; o->name; o++)
        (void)fprintf(out, " [--%s%s%s]", o->name, o->value ? " " : "", o->value ? o->value : "");
    CHECK(fclose(out) == 0);
    return text;
}

void help_print_command(const struct command *command, FILE *out)
{
    char *synopsis = help_synopsis(command);

    (void)fprintf(out, "usage: %s\nexample: %s\n\n%c%s.\n", synopsis, command->example,
                  toupper(command->help[0]), command->help + 1);
    if (command->details)
        (void)fprintf(out, "%s\n", command->details);
    (void)fputc('\n', out);
    for (const struct command_option *o = command->options; o->name; o++)
        option_print(out, o);
    for (int i = 0; i <= GLOBAL_HELP; i++)
        option_print(out, &command_globals[i]);
    if (command->path)
        (void)fprintf(out, "\nIt sends %s /api/v1%s.\n", command->method, command->path);
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
