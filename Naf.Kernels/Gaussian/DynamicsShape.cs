using Naf.Kernels.Network;

namespace Naf.Kernels.Gaussian;

/// <summary>
/// Sizes of time-varying linear-Gaussian dynamics, s′ ~ N(F_t [s; u] + f_t, N_t) for t = 0 … Horizon − 1
/// (paper, section 5).
/// <code>
/// model in double:      F [Horizon, State, Input], f [Horizon, State], N [Horizon, State, State]
/// packed for rollouts:  [Horizon, 2 State + Action + 1, Pad(State)] float32;
///                       rows of a step: the columns of F_t, f_t, the columns of chol(N_t)
/// sample of the fit:    z = [s; u; s′]
/// </code>
/// </summary>
/// <param name="Horizon">Time steps T, 1 to 100,000.</param>
/// <param name="State">Size S of the state s = [q; q̇], 1 to 512.</param>
/// <param name="Action">Size A of the action u, 1 to 64.</param>
/// <exception cref="ArgumentException">A size is out of range.</exception>
internal readonly record struct DynamicsShape(int Horizon, int State, int Action)
{
    public int Horizon { get; } = Require("horizon", Horizon, 100_000);

    public int State { get; } = Require("state", State, 512);

    public int Action { get; } = Require("action", Action, 64);

    /// <summary>Size of the input [s; u]: S + A.</summary>
    public int Input => State + Action;

    /// <summary>Size D of a sample [s; u; s′]: 2 S + A.</summary>
    public int Sample => 2 * State + Action;

    /// <summary>Floats of a packed row: S rounded up to whole cache lines.</summary>
    public int PackedRow => MlpShape.Pad(State);

    /// <summary>
    /// Floats of a packed time step. Its rows are the S + A columns of F_t, then f_t, then the S columns of the lower
    /// triangle chol(N_t).
    /// </summary>
    public int PackedStep => (2 * State + Action + 1) * PackedRow;

    /// <summary>Fills with NaN what a fit writes to packed models; padding and the zeros of chol(N) stay.</summary>
    internal void PoisonPacked(Span<float> packed)
    {
        for (int row = 0, rows = PackedStep / PackedRow; row < packed.Length / PackedRow; row++)
        {
            int first = Math.Max(0, row % rows - Input - 1);
            packed.Slice(row * PackedRow + first, State - first).Fill(float.NaN);
        }
    }

    public override string ToString() => $"{Horizon} steps of {State} states and {Action} actions";

    private static int Require(string name, int value, int most) =>
        value >= 1 && value <= most
            ? value
            : throw new ArgumentException($"dynamics with {name} = {value} are not possible; give 1 to {most}");
}
