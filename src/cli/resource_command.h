/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands that are one request of the table: lists as a table, one thing with all that is known of
 * it, and actions, which answer with nothing or with what they have done.
 */
#pragma once

#include "cli/admin_client.h"
#include "cli/command.h"

int resource_list(const struct invocation *call);
int resource_request(const struct invocation *call);

/* The endpoint that the command line names.  NULL after telling why on stderr. */
struct admin_client *resource_client(const struct invocation *call) MUST_USE;

/* The path of the command's request, with its argument and its options; free() it.  NULL after
 * telling why on stderr. */
char *resource_path(const struct invocation *call, struct admin_client *client) MUST_USE;

/* Print items as the table that the command describes: all columns, or (`fit`) without the wide
 * ones, and so that it fits on a line. */
void resource_table_print(const struct command_column *all, bool fit, const json_t *items);
