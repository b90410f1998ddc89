// The normalized advantage function (paper, equations 7 to 9) and its gradients, for a tile of samples; the formulas of NafAdvantage.cs:
//   mu = tanh(m),  L lower triangular: Lii = exp(B tanh(lii / B)), Lij = lij
//   d = u - mu,  z = L' d,  A = -1/2 z'z,  Q = V + A,   dA/dmu = L z,  dA/dLij = -di zj

// place of Lij in the packed triangle
#define PACKED(i, j) ((i) * ((i) + 1) / 2 + (j))

typedef struct { float value, slope; } Squashed;

DEVICE Squashed squash_mean(float m)
{
    float t = tanh(m);
    Squashed s = { t, 1 - t * t };
    return s;
}

DEVICE Squashed squash_diagonal(float l, float bound)
{
    float t = tanh(l / bound), e = exp(bound * t);
    Squashed s = { e, e * (1 - t * t) };
    return s;
}
