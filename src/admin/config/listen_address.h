/* SPDX-License-Identifier: Apache-2.0 */
/* An address to listen on, from the command line or the configuration file. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

#include "base/check.h"

struct listen_address {
    struct sockaddr_storage addr;
    socklen_t len;
};

/* False when `text` is no numeric ADDR:PORT. */
bool listen_address_parse(const char *text, struct listen_address *out) MUST_USE;

/* What is wrong with a text that listen_address_parse() refuses. */
const char *listen_address_mistake(const char *text);
