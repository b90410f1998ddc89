namespace Naf.Kernels.Observation;

/// <summary>Which components of a vector an entry keeps, always in the order x, y, z.</summary>
[Flags]
internal enum Components
{
    X = 1,
    Y = 2,
    Z = 4,
    All = X | Y | Z,
}

/// <summary>Which quantity of a joint an entry observes.</summary>
internal enum JointQuantity
{
    /// <summary>
    /// qpos, radians or metres; of a ball or free joint its unit quaternion (w, x, y, z), the one of q and −q with
    /// w ≥ 0.
    /// </summary>
    Position,
    /// <summary>sin qpos (hinges).</summary>
    Sine,
    /// <summary>cos qpos (hinges).</summary>
    Cosine,
    /// <summary>
    /// qvel, radians or metres per second; of a ball or free joint the angular velocity about the body's own axes (3).
    /// </summary>
    Velocity,
}

/// <summary>A point fixed to a body (a site, a body's origin; body 0 is the world), or an episode constant.</summary>
/// <param name="Body">The body that carries the point; −1 for a constant.</param>
/// <param name="Position">The point in the body's frame, metres.</param>
/// <param name="Offset">First index in the vector of episode constants.</param>
/// <param name="Count">Number of constants, 1 to 3; the missing components are 0.</param>
internal readonly record struct Place(int Body, Vec3<double> Position, int Offset, int Count)
{
    /// <summary>A point fixed to a body.</summary>
    public static Place On(int body, Vec3<double> position) => new(body, position, 0, 0);

    /// <summary>A constant of the episode, such as the target, in world coordinates.</summary>
    public static Place Constant(int offset, int count) => new(-1, default, offset, count);

    /// <summary>Whether the place is a constant of the episode.</summary>
    public bool IsConstant => Body < 0;
}

/// <summary>An observation entry, of a fixed set of types: of one number or several.</summary>
/// <param name="Name">The entry's name; components of a vector are name.x, name.y, name.z.</param>
internal abstract record ObservationEntry(string Name);

/// <summary>A joint's position, the sine or cosine of a hinge's, or its velocity.</summary>
internal sealed record JointEntry(string Name, JointQuantity Quantity, int Joint) : ObservationEntry(Name);

/// <summary>A vector entry, of which some components are kept.</summary>
/// <param name="Frame">Body in whose frame the vector is expressed; 0 is the world.</param>
internal abstract record VectorEntry(string Name, int Frame, Components Keep) : ObservationEntry(Name);

/// <summary>R_Fᵀ (of − minus): a position, absolute or relative to another; metres.</summary>
/// <param name="Minus">The place to subtract; null for the world's origin.</param>
internal sealed record PlaceEntry(string Name, Place Of, Place? Minus, int Frame, Components Keep)
    : VectorEntry(Name, Frame, Keep);

/// <summary>R_Fᵀ R_B e: an axis of a body's frame; a unit vector.</summary>
/// <param name="Body">The body B.</param>
/// <param name="Axis">0, 1 or 2 for its x, y or z axis.</param>
internal sealed record AxisEntry(string Name, int Body, int Axis, int Frame, Components Keep)
    : VectorEntry(Name, Frame, Keep);

/// <summary>R_Fᵀ d(place)/dt: the velocity of a point of a body relative to the world; metres per second.</summary>
/// <param name="Of">The point; not a constant.</param>
internal sealed record LinearVelocityEntry(string Name, Place Of, int Frame, Components Keep)
    : VectorEntry(Name, Frame, Keep);

/// <summary>R_Fᵀ ω_B: the angular velocity of a body relative to the world; radians per second.</summary>
/// <param name="Body">The body B.</param>
internal sealed record AngularVelocityEntry(string Name, int Body, int Frame, Components Keep)
    : VectorEntry(Name, Frame, Keep);

/// <summary>What an entry reads from the simulation, which is no function of (qpos, qvel, c).</summary>
internal enum SimulatedQuantity
{
    /// <summary>MuJoCo's sensordata, in the sensor's unit.</summary>
    Sensor,
    /// <summary>The activation of an actuator (act).</summary>
    Activation,
    /// <summary>The force of an actuator with the last controls (actuator_force), N or N m.</summary>
    ActuatorForce,
    /// <summary>The action of the step before, clipped to [−1, 1]; 0 at the start.</summary>
    PreviousAction,
    /// <summary>Time since the start of the episode, seconds.</summary>
    Elapsed,
    /// <summary>Time to the horizon, seconds.</summary>
    Remaining,
    /// <summary>sin and cos of 2π t / period, with t the time since the start.</summary>
    Phase,
}

/// <summary>Numbers of the simulation: the task is model-free, since x is no function of (qpos, qvel, c).</summary>
/// <param name="Address">First index in the simulation's array; not used by times.</param>
/// <param name="Parts">Names of the components; empty for one number.</param>
/// <param name="Period">Of a phase, seconds.</param>
internal sealed record SimulatedEntry(
    string Name, SimulatedQuantity Quantity, int Address, ImmutableArray<string> Parts, double Period = 0)
    : ObservationEntry(Name)
{
    public int Size => Math.Max(1, Parts.Length);
}

/// <summary>A constant of the episode, unchanged.</summary>
/// <param name="Offset">First index in the vector of episode constants.</param>
/// <param name="Count">Size of the constant, 1 to 3.</param>
internal sealed record ConstantEntry(string Name, int Offset, int Count, Components Keep) : VectorEntry(Name, 0, Keep);
