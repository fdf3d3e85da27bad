/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the session of a client that a callback is sent over. */
#pragma once

#include <stdbool.h>

#include "base/check.h"

struct back_call;
struct back_service;
struct client;
struct session;

/* Hand a call, with its reference, to the best session of the client.  False: no session takes it,
 * and the caller keeps it. */
bool back_route(struct back_service *service, struct client *client,
                struct back_call *call) MUST_USE;

/* The same for this session alone. */
bool back_route_session(struct back_service *service, struct session *session,
                        struct back_call *call) MUST_USE;

/* The best session of the client, a reference; NULL: none can be used. */
struct session *back_route_best(struct back_service *service, struct client *client);
