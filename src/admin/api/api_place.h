/* SPDX-License-Identifier: Apache-2.0 */
/* Places in the listings of clients and sessions as cursors of pages. */
#pragma once

#include <stdbool.h>

#include "admin/api/api_page.h"
#include "base/check.h"
#include "base/htable.h"
#include "state/session/session_info.h"

/* "": the end. */
void api_place_of_client_print(const struct htable_place *place, char cursor[API_CURSOR_BYTES]);
void api_place_of_session_print(const struct session_place *place, char cursor[API_CURSOR_BYTES]);

/* "": the beginning.  False: it is no cursor of this list. */
bool api_place_of_client_parse(const char *cursor, struct htable_place *place) MUST_USE;
bool api_place_of_session_parse(const char *cursor, struct session_place *place) MUST_USE;
