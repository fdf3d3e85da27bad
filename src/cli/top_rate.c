/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_rate.h"

#include <math.h>

double top_rate(double before, double after, double seconds)
{
    if (!(seconds > 0) || !(after >= before))
        return NAN;
    return (after - before) / seconds;
}

double top_quantile(const double *bounds, const double *counts, size_t bound_count, double q)
{
    double all = 0, below = 0, wanted;

    for (size_t i = 0; i <= bound_count; i++)
        all += counts[i];
    if (!(all > 0))
        return NAN;
    wanted = q * all;
    for (size_t i = 0; i < bound_count; i++) {
        double from = i > 0 ? bounds[i - 1] : 0;

        if (counts[i] > 0 && below + counts[i] >= wanted)
            return from + (bounds[i] - from) * (wanted - below) / counts[i];
        below += counts[i];
    }
    return INFINITY;
}
