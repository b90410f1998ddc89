
namespace Naf.Host.Planning.Ilqg;

/// <summary>What a planning step came to.</summary>
/// <param name="Controller">The new controller; null: the last good one stays, for the <paramref name="Reason"/>.</param>
/// <param name="Reason">Why there is no new controller, in one sentence; null: there is one.</param>
/// <param name="Eta">η, the dual of the KL constraint, in units of the cost.</param>
/// <param name="Kl">Σ_t KL(new ‖ previous), in nats.</param>
/// <param name="KlBound">What it was to stay within (to a tenth): ε T times the step multiplier.</param>
/// <param name="PreviousCost">Cost of an episode that the model predicts of the previous controller.</param>
/// <param name="PredictedCost">Cost of an episode that it predicts of the new one.</param>
internal sealed record IlqgResult(
    LinearGaussianController? Controller, string? Reason, double Eta, double Kl, double KlBound, double PreviousCost, double PredictedCost)
{
    /// <summary>No new controller.</summary>
    public static IlqgResult Refused(string reason, double bound) => new(null, reason, double.NaN, double.NaN, bound, double.NaN, double.NaN);
}
