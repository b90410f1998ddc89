using System.Globalization;
using System.Text;

namespace Naf.Kernels;

/// <summary>
/// r(x, u) and the bounds of x as kernel source for one task: <c>reward(x, u)</c> and <c>terminates(x)</c>, the terms written out with their
/// constants. x and u are columns of tiles with ROWS floats from one entry to the next.
/// </summary>
internal static class RewardSource
{
    /// <summary>The two functions.</summary>
    public static string Emit(RewardDefinition definition)
    {
        var text = new StringBuilder("DEVICE float reward(LOCAL const float* x, LOCAL const float* u)\n{\n    float r = 0, e, d;\n");
        foreach (RewardTerm term in definition.Terms) Append(text, term, definition.ObservationSize);
        text.Append("    return r;\n}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"#define TERMINATION_REWARD {Literal(definition.TerminationReward)}\n");
        text.Append("DEVICE int terminates(LOCAL const float* x)\n{\n");
        foreach (TerminationBound bound in definition.Bounds)
        {
            if (!double.IsNegativeInfinity(bound.Low)) AppendBound(text, bound.Index, '<', bound.Low);
            if (!double.IsPositiveInfinity(bound.High)) AppendBound(text, bound.Index, '>', bound.High);
        }
        return text.Append("    return 0;\n}\n").ToString();
    }

    // e = b + Σ s (z − c), or q = Σ s (z − c)²; r += w ρ(e)
    private static void Append(StringBuilder text, RewardTerm term, int observations)
    {
        text.Append(CultureInfo.InvariantCulture, $"    e = {Literal(term.Offset)};\n");
        for (int i = 0; i < term.Index.Length; i++)
        {
            (string vector, int index) = term.Index[i] < observations ? ("x", term.Index[i]) : ("u", term.Index[i] - observations);
            text.Append(CultureInfo.InvariantCulture, $"    d = {vector}[{index} * ROWS] - {Literal(term.Centre[i])};\n");
            text.Append(CultureInfo.InvariantCulture, $"    e += {Literal(term.Scale[i])} * d{(term.IsLinear ? "" : " * d")};\n");
        }
        float alpha = (float)term.Alpha, square = alpha * alpha;
        string rho = term.Kind switch
        {
            RewardKind.SmoothNorm => $"(sqrt(e + {Literal(square)}) - {Literal(alpha)})",
            RewardKind.LogQuadratic => $"log1p(e / {Literal(square)})",
            RewardKind.Bump => $"exp(-0.5f * e / {Literal(square)})",
            RewardKind.Sigmoid => $"(1.0f / (1.0f + exp(-e / {Literal(alpha)})))",
            _ => "e",
        };
        text.Append(CultureInfo.InvariantCulture, $"    r += {Literal(term.Weight)} * {rho};\n");
    }

    // a comparison with an infinite bound of the other side would never hold either
    private static void AppendBound(StringBuilder text, int index, char beyond, double bound)
    {
        double finite = Math.Clamp(bound, -float.MaxValue, float.MaxValue);
        text.Append(CultureInfo.InvariantCulture, $"    if (x[{index} * ROWS] {beyond} {Literal(finite)}) return 1;\n");
    }

    private static string Literal(double value) => StraightLine.Literal(value);
}
