/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts settings into effect in the running server.  admin/settings stores them and reports changes.
 */
#pragma once

#include "admin/config/config.h"

struct server;
struct transport;

/* Open the settings in the state directory `dir`, with those of the configuration, and put
 * them into effect as far as the server exists; sets its lease_s.  NULL after an error message;
 * *wrong_options tells whether the configuration is the cause. */
struct settings *setting_effect_open(int dir, const struct config *config, struct server *server,
                                     bool *wrong_options);

/* Would setting_effect_open() fail?  Writes nothing.  `dir` may be -1 if there is no state
 * directory yet.  False after an error message, with *wrong_options set. */
bool setting_effect_check(int dir, const struct config *config, bool *wrong_options);

/* The server now has its state and its callbacks: put the settings into effect there. */
void setting_effect_start(struct settings *settings, struct server *server);

/* The same for the transport, before it listens. */
void setting_effect_transport(struct settings *settings, struct transport *transport);

/* Reload the settings; from now on the configuration file says `initial`, or if NULL, what it said
 * before.  The log tells the result.  False, with `error`: they stay as they were. */
bool setting_effect_reload(struct settings *settings, const struct setting_option *initial,
                           char *error, size_t size);
