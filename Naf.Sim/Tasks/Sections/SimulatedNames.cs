using Naf.Kernels.Observation;
using Naf.Sim.Mujoco;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Tasks.Sections;

/// <summary>Reads observation entries that the simulation gives: sensors, actuators, actions and times.</summary>
internal sealed class SimulatedNames(MujocoModel model)
{
    public static readonly string[] Kinds =
        ["sensor", "activation", "actuator_force", "previous_action", "time", "phase"];

    /// <summary>The entries of an item, one for each sensor or actuator that it names.</summary>
    /// <param name="kind">One of <see cref="Kinds"/>, and its value.</param>
    /// <param name="given">The item's 'name', if it has one.</param>
    public IEnumerable<(YamlCursor At, SimulatedEntry Entry)> Read(string kind, YamlCursor value, YamlCursor? given)
    {
        (YamlCursor At, SimulatedEntry Entry)[] entries = kind switch
        {
            "time" => [(value, Time(value))],
            "phase" => [(value, Phase(value))],
            _ => [.. Elements(kind, value)],
        };
        if (given is null) return entries;
        return entries is [var (at, entry)]
            ? [(at, entry with { Name = given.Text() })]
            : throw given.Error($"'name' fits one entry, and '{kind}' makes several here");
    }

    private IEnumerable<(YamlCursor At, SimulatedEntry Entry)> Elements(string kind, YamlCursor value)
    {
        (string what, Dictionary<string, SimulatedEntry> known) = kind switch
        {
            "sensor" => ("sensor", model.Sensors.DistinctBy(sensor => sensor.Name)
                .ToDictionary(sensor => sensor.Name, sensor => new SimulatedEntry(
                sensor.Name, SimulatedQuantity.Sensor, sensor.Address, Parts(sensor.Size)))),
            "activation" => ("actuator with an activation",
                Actuators(SimulatedQuantity.Activation, "{0}.activation", model.ActivationAddresses)),
            "actuator_force" => ("actuator", Actuators(SimulatedQuantity.ActuatorForce, "{0}.force")),
            _ => ("actuator", Actuators(SimulatedQuantity.PreviousAction, "previous_action.{0}")),
        };
        if (!value.IsSequence && value.Text() == "all")
            return known.Count > 0
                ? known.Values.Select(entry => (value, entry)) : throw value.Error($"the model has no {what}");
        return value.OneOrMore().Select(name => (name, known.GetValueOrDefault(name.Text()) ?? throw name.Error(
            $"the model has no {what} '{name.Text()}'; {NearestName.Hint(name.Text(), known.Keys)}")));
    }

    private Dictionary<string, SimulatedEntry> Actuators(
        SimulatedQuantity quantity, string format, int[]? addresses = null) =>
        model.ActuatorNames.Index().Where(actuator => addresses is null || addresses[actuator.Index] >= 0)
            .DistinctBy(actuator => actuator.Item).ToDictionary(
            actuator => actuator.Item, actuator => new SimulatedEntry(
                string.Format(CultureInfo.InvariantCulture, format, actuator.Item), quantity,
                addresses?[actuator.Index] ?? actuator.Index, []));

    // a sensor of 3 numbers is a vector, one of 4 a quaternion
    private static ImmutableArray<string> Parts(int size) => size switch
    {
        1 => [],
        3 => ["x", "y", "z"],
        4 => TreeJoint.QuaternionParts,
        _ => [.. Enumerable.Range(0, size).Select(i => $"{i}")],
    };

    private static SimulatedEntry Time(YamlCursor value) => value.Text() switch
    {
        "elapsed" => new SimulatedEntry("elapsed", SimulatedQuantity.Elapsed, 0, []),
        "remaining" => new SimulatedEntry("remaining", SimulatedQuantity.Remaining, 0, []),
        var other => throw value.Error($"'time' expects elapsed or remaining, not '{other}'"),
    };

    private static SimulatedEntry Phase(YamlCursor value) => value.Number() is > 0 and var period
        ? new SimulatedEntry("phase", SimulatedQuantity.Phase, 0, ["sin", "cos"], period)
        : throw value.Error("'phase' expects a period above 0, in seconds");
}
