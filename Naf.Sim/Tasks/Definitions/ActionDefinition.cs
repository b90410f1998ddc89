namespace Naf.Sim.Tasks.Definitions;

/// <summary>
/// How an action u in [−1, 1] becomes a control: home + range · u, limited to the actuator's ctrlrange.
/// </summary>
/// <param name="Home">[actions], the control at u = 0, in units of the control.</param>
/// <param name="Range">[actions], the change of the control at u = ±1.</param>
/// <param name="HasHome">Whether the task gives home, or it is the middle of the ctrlrange.</param>
/// <param name="IsWithin">Whether no action leaves the ctrlrange.</param>
/// <param name="RateLimit">[actions], the largest change of u from one step to the next; empty for none.</param>
internal sealed record ActionDefinition(
    ImmutableArray<double> Home, ImmutableArray<double> Range, bool HasHome, bool IsWithin,
    ImmutableArray<double> RateLimit);
