namespace Naf.Host.Checks;

/// <summary>What of a model a task file can refer to, and the time of an episode.</summary>
/// <param name="File">The model's file.</param>
/// <param name="Mujoco">MuJoCo's version.</param>
/// <param name="Bodies">Names of the bodies but for the world; empty for those without.</param>
/// <param name="Joints">The joints.</param>
/// <param name="Sites">Names of the sites.</param>
/// <param name="Actuators">The actuators, which are the actions.</param>
/// <param name="Timestep">The simulator's step, seconds.</param>
/// <param name="Substeps">Of these in a control step.</param>
/// <param name="ControlStep">Seconds.</param>
/// <param name="Horizon">Control steps in an episode.</param>
/// <param name="Seconds">An episode's.</param>
public sealed record ModelSummary(
    string File, string Mujoco, IReadOnlyList<string> Bodies, IReadOnlyList<JointSummary> Joints, IReadOnlyList<string> Sites,
    IReadOnlyList<ActuatorSummary> Actuators, double Timestep, int Substeps, double ControlStep, int Horizon, double Seconds);

/// <summary>A joint with the range that MuJoCo applies to it.</summary>
/// <param name="Name">Its name; empty when it has none.</param>
/// <param name="Type">hinge, slide or free.</param>
/// <param name="Low">Its lower limit, rad or m; null when it has none.</param>
/// <param name="High">Its upper limit.</param>
public sealed record JointSummary(string Name, string Type, double? Low, double? High);

/// <summary>An actuator with the range of its control.</summary>
/// <param name="Name">Its name; empty when it has none.</param>
/// <param name="Low">The control at u = −1; null when it has no range and takes u itself.</param>
/// <param name="High">The control at u = 1.</param>
public sealed record ActuatorSummary(string Name, double? Low, double? High);
