/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What settings do to the running server: admin/settings keeps them and says when they change, here
 * they come into force.
 */
#pragma once

#include "admin/settings.h"

struct server;
struct transport;

/* Open the settings in the state directory `dir`, with the options of the command line, and obey
 * them, as far as the server is there: it has its lease_s at least.  NULL after telling why on
 * stderr; *wrong_options says whether the options are to blame. */
struct settings *setting_effect_open(int dir, const struct setting_option options[SETTING_COUNT],
                                     struct server *server, bool *wrong_options);

/* Would setting_effect_open() refuse them?  Writes nothing; `dir` may be -1: there is none yet.
 * False after telling why on stderr, and *wrong_options. */
bool setting_effect_check(int dir, const struct setting_option options[SETTING_COUNT],
                          uint32_t lease_s, bool *wrong_options);

/* The server has its state and its way to call clients now. */
void setting_effect_start(struct settings *settings, struct server *server);

/* And this is how it is reached; before it listens. */
void setting_effect_transport(struct settings *settings, struct transport *transport);

/* SIGHUP: read them again.  The log tells what came of it. */
void setting_effect_reload(struct settings *settings);
