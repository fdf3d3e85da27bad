/* SPDX-License-Identifier: Apache-2.0 */
/* Who has a port that the server wants. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Let `text` say which program listens at the TCP port, and what ends it; or that one does that
 * this user cannot see.  Cut to `size`; returns `text`. */
const char *port_holder_tell(uint16_t port, char *text, size_t size);
