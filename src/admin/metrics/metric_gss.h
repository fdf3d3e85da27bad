/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics of Kerberos: contexts, and clients that got none. */
#pragma once

struct metric_text;
struct transport_gss;

void metric_gss_show(struct metric_text *text, const struct transport_gss *gss);
