/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server says when it starts: what it serves, to whom, as whom, and how to mount it.  Each
 * export is an event of the log; people at a terminal get the same to read instead.
 */
#pragma once

#include "admin/config/config.h"

struct served;
struct transport;

/* At the end of a start, by the main thread: `transport` listens at so many addresses. */
void announcement_make(const struct served *served, const struct config *config,
                       const struct transport *transport, uint32_t listeners);
