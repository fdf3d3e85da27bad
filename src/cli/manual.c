/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/manual.h"

#include <stdlib.h>
#include <string.h>

#include "base/man_page.h"
#include "cli/help.h"

static void option_print(const struct command_option *option, FILE *out)
{
    char term[80];

    (void)snprintf(term, sizeof(term), "--%s%s%s", option->name, option->value ? " " : "",
                   option->value ? option->value : "");
    man_page_item(out, term, option->help);
}

static void command_print(const struct command *command, FILE *out)
{
    char *synopsis = help_synopsis(command);
    char text[256];

    man_page_item(out, synopsis, command->help);
    if (command->details)
        man_page_item_more(out, command->details);
    for (const struct command_option *o = command->options; o->name; o++) {
        (void)snprintf(text, sizeof(text), "--%s%s%s: %s", o->name, o->value ? " " : "",
                       o->value ? o->value : "", o->help);
        man_page_item_more(out, text);
    }
    man_page_example(out, command->example);
    free(synopsis);
}

static void commands_print(const struct command_table *table, FILE *out)
{
    const char *noun = "";

    man_page_section(out, "COMMANDS");
    for (uint32_t i = 0; i < table->count; i++) {
        const struct command *row = &table->of[i];

        if (strcmp(row->noun, noun) != 0) {
            man_page_subsection(out, row->noun);
            if (row->noun_help)
                man_page_paragraph(out, row->noun_help);
        }
        noun = row->noun;
        command_print(row, out);
    }
}

void manual_print(const struct command_table *table, FILE *out)
{
    static const char *const others[] = {"mainstayd(8)", "mainstay.conf(5)", "mainstay-bench(1)",
                                         NULL};

    man_page_begin(out, "mainstay", 1, "show and change what an NFS server does");
    man_page_section(out, "SYNOPSIS");
    man_page_paragraph(out, "mainstay [--admin unix:PATH|[https://]HOST:PORT] [--admin-token FILE] "
                            "[--json] COMMAND [ARGUMENT]...");
    man_page_section(out, "DESCRIPTION");
    man_page_paragraph(out, "mainstay talks to the admin endpoint of a running mainstayd. Lists "
                            "are tables for people, and JSON for programs with --json. Options may "
                            "stand anywhere.");
    man_page_paragraph(out, "A client may be named by its id, or by an owner name or an address "
                            "that only one client has. Other things are named by the ids that "
                            "lists show.");
    man_page_paragraph(out, "With https:// the server must show a certificate for HOST, of a CA "
                            "of --admin-ca or of one that the system trusts. No token is sent "
                            "before that.");
    man_page_section(out, "OPTIONS");
    for (int i = 0; i < GLOBAL_COUNT; i++)
        option_print(&command_globals[i], out);
    commands_print(table, out);
    man_page_section(out, "EXIT STATUS");
    man_page_item(out, "0", "The command succeeded.");
    man_page_item(out, "1", "It failed; stderr says why, with the reasons of the server.");
    man_page_item(out, "2", "It was not typed correctly, and nothing was sent.");
    man_page_section(out, "FILES");
    man_page_item(out, "/var/lib/mainstay/admin.sock",
                  "The usual endpoint for root. For other users it is "
                  "$XDG_STATE_HOME/mainstay/admin.sock, or ~/.local/state/mainstay/admin.sock.");
    man_page_see_also(out, others);
}
