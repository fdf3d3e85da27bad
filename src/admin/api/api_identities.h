/* SPDX-License-Identifier: Apache-2.0 */
/* /identities/{who}: whom the server takes a principal or a user for, and why. */
#pragma once

struct http_request;

void api_identities_show(struct http_request *request, void *context);
