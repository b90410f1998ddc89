using Naf.Sim.Mujoco;
using Naf.Sim.Tasks.Definitions;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Tasks.Sections;

/// <summary>The section `actions`: {home: keyframe | numbers, range: numbers, rate_limit: numbers}.</summary>
internal static class ActionSection
{
    public static ActionDefinition Read(YamlCursor? section, MujocoModel model)
    {
        // an action spans the range of its control; without a range the action is the control
        int count = model.Nu;
        var (home, range) = (new double[count], new double[count]);
        for (int i = 0; i < count; i++)
        {
            (double low, double high) = Limits(model, i) ?? (-1, 1);
            (home[i], range[i]) = ((low + high) / 2, (high - low) / 2);
        }
        if (section is null) return new ActionDefinition([.. home], [.. range], HasHome: false, IsWithin: true, []);
        YamlMap map = section.Map("home", "range", "rate_limit");
        if (map["home"] is { } given) home = Home(given, model);
        if (map["range"] is { } ranges) range = Positive(ranges, count);
        double[] limit = map["rate_limit"] is { } rate ? Positive(rate, count) : [];
        bool within = Enumerable.Range(0, count).All(i => Limits(model, i) is not { } limits
            || (home[i] - range[i] >= limits.Low && home[i] + range[i] <= limits.High));
        return new ActionDefinition([.. home], [.. range], map["home"] is not null, within, [.. limit]);
    }

    /// <summary>The control's limits; null if it has none.</summary>
    private static (double Low, double High)? Limits(MujocoModel model, int actuator) =>
        model.ControlLimited[actuator] == 0 ? null
        : (model.ControlRange[2 * actuator], model.ControlRange[2 * actuator + 1]);

    private static double[] Home(YamlCursor given, MujocoModel model)
    {
        // a keyframe's name may be a number, its own in the model; numbers of the controls are a list
        double[] home = given.IsSequence
            ? given.Numbers(model.Nu) : [.. ResetSection.Keyframe(given, model).Ctrl];
        for (int i = 0; i < home.Length; i++)
            if (Limits(model, i) is { } limits && (home[i] < limits.Low || home[i] > limits.High))
                throw given.Error(string.Create(CultureInfo.InvariantCulture,
                    $"'home' is {home[i]:G6} for actuator '{model.ActuatorNames[i]}', whose ctrlrange is "
                    + $"{limits.Low:G6} to {limits.High:G6}; give controls within it"));
        return home;
    }

    private static double[] Positive(YamlCursor cursor, int count)
    {
        double[] numbers = cursor.Numbers(count);
        return numbers.All(n => n > 0) ? numbers : throw cursor.Error($"'{cursor.What}' expects numbers above 0");
    }
}
