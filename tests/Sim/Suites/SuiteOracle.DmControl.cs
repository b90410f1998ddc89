namespace Naf.Tests;

/// <summary>
/// dm_control's suite. Where a reward follows from the observation and the action, our task has that of the state
/// before the step, a, in place of the state after it, b.
/// </summary>
internal sealed partial record SuiteOracle
{
    private enum Sigmoid { Gaussian, Linear, Quadratic }

    private static readonly string[] WalkerBodies =
        ["torso", "right_thigh", "right_leg", "right_foot", "left_thigh", "left_leg", "left_foot"];

    private static readonly Dictionary<string, SuiteOracle> DmControl = new()
    {
        ["acrobot-swingup"] = Acrobot(1),
        ["acrobot-swingup_sparse"] = Acrobot(0),
        ["ball_in_cup-catch"] = new(0.02, 1000, s => [.. s.Q, .. s.V], (_, b, _) => new[] { 0, 2 }.All(i =>
            Math.Abs(b.Site("target")[i] - b.Body("ball")[i])
                < b.Size("site", "target", i) - b.Size("geom", "ball", 0)) ? 1 : 0),
        ["cartpole-balance"] = Cartpole(sparse: false),
        ["cartpole-balance_sparse"] = Cartpole(sparse: true),
        ["cartpole-swingup"] = Cartpole(sparse: false),
        ["cartpole-swingup_sparse"] = Cartpole(sparse: true),
        ["cheetah-run"] = new(0.01, 1000, s => [.. s.Q[1..], .. s.V],
            (_, b, _) => Tolerance(b.Sensors["comvel torso"][0], 10, double.PositiveInfinity, 10, Sigmoid.Linear, 0)),
        ["finger-spin"] = new(0.02, 1000,
            s => [.. s.Q[..2], .. XZ(Minus(s.Site("tip"), s.Body("spinner"))), .. s.V,
                Math.Log(1 + s.Sensors["touchtop"][0]), Math.Log(1 + s.Sensors["touchbottom"][0])],
            (_, b, _) => b.V[2] <= -15 ? 1 : 0),
        ["fish-upright"] = new(0.04, 1000, s => [.. s.Q[7..], s.Xmat("torso", "zz"), .. s.V],
            (a, _, _) => Tolerance(a.Xmat("torso", "zz"), 1, 1, 1)),
        ["fish-swim"] = new(0.04, 1000,
            s => [.. s.Q[7..], s.Xmat("torso", "zz"), .. InFrame(s, "torso", Minus(s.Constants, s.Geom("mouth"))),
                .. s.V],
            (a, _, _) =>
            {
                double radii = a.Size("geom", "mouth", 0) + a.Size("geom", "target", 0);
                double near = Tolerance(Norm(Minus(a.Constants, a.Geom("mouth"))), 0, radii, 2 * radii);
                return (7 * near + 0.5 * (a.Xmat("torso", "zz") + 1)) / 8;
            }),
        ["hopper-hop"] = Hopper((b, _) =>
            Tolerance(b.Sensors["comvel torso"][0], 2, double.PositiveInfinity, 1, Sigmoid.Linear, 0.5)),
        ["hopper-stand"] = Hopper((_, u) => SmallControl(u)),
        ["humanoid-stand"] = Humanoid(0),
        ["humanoid-walk"] = Humanoid(1),
        ["humanoid-run"] = Humanoid(10),
        ["humanoid-run_pure_state"] = Humanoid(10) with
        {
            Observe = s => [.. s.Q[..3], .. UnitQuaternion(s), .. s.Q[7..], .. s.V],
        },
        ["humanoid_CMU-stand"] = HumanoidCmu(0),
        ["humanoid_CMU-walk"] = HumanoidCmu(1),
        ["humanoid_CMU-run"] = HumanoidCmu(10),
        ["pendulum-swingup"] = new(0.02, 1000, s => [s.Xmat("pole", "zz"), s.Xmat("pole", "xz"), .. s.V],
            (a, _, _) => Tolerance(a.Xmat("pole", "zz"), Math.Cos(8 * Math.PI / 180), 1, 0)),
        ["point_mass-easy"] = new(0.02, 1000, s => [.. s.Q, .. s.V], (a, _, u) =>
        {
            double size = a.Size("geom", "target", 0);
            return SmallControl(u)
                * Tolerance(Norm(Minus(a.Geom("target"), a.Geom("pointmass"))), 0, size, size);
        }),
        ["reacher-easy"] = Reacher(0.05),
        ["reacher-hard"] = Reacher(0.015),
        ["walker-stand"] = Walker((a, _) => Standing(a)),
        ["walker-walk"] = Walker((_, b) => Standing(b) * (5 * Speed(b, 1) + 1) / 6),
        ["walker-run"] = Walker((_, b) => Standing(b) * (5 * Speed(b, 8) + 1) / 6),
    };

    private static SuiteOracle Acrobot(double margin) => new(0.01, 1000,
        s => [s.Xmat("upper_arm", "xz"), s.Xmat("lower_arm", "xz"), s.Xmat("upper_arm", "zz"),
            s.Xmat("lower_arm", "zz"), .. s.V],
        (_, b, _) => Tolerance(
            Norm(Minus(b.Site("target"), b.Site("tip"))), 0, b.Size("site", "target", 0), margin));

    private static SuiteOracle Cartpole(bool sparse) => new(0.01, 1000,
        s => [s.Q[0], s.Xmat("pole_1", "zz"), s.Xmat("pole_1", "xz"), .. s.V],
        (a, _, u) => sparse
            ? Tolerance(a.Q[0], -0.25, 0.25, 0) * Tolerance(a.Xmat("pole_1", "zz"), 0.995, 1, 0)
            : (a.Xmat("pole_1", "zz") + 1) / 2 * (4 + Tolerance(u[0], 0, 0, 1, Sigmoid.Quadratic, 0)) / 5
                * (1 + Tolerance(a.V[1], 0, 0, 5)) / 2 * (1 + Tolerance(a.Q[0], 0, 0, 2)) / 2);

    private static SuiteOracle Hopper(Func<SuiteState, double[], double> factor) => new(0.02, 1000,
        s => [.. s.Q[1..], .. s.V, Math.Log(1 + s.Sensors["touch_toe"][0]), Math.Log(1 + s.Sensors["touch_heel"][0])],
        (_, b, u) => Tolerance(b.Centre("torso")[2] - b.Centre("foot")[2], 0.6, 2, 0) * factor(b, u));

    private static SuiteOracle Humanoid(double speed) =>
        Humanoid(0.025, "torso", "zz", ["left_hand", "left_foot", "right_hand", "right_foot"], speed);

    private static SuiteOracle HumanoidCmu(double speed) =>
        Humanoid(0.02, "thorax", "zy", ["lhand", "lfoot", "rhand", "rfoot"], speed);

    private static SuiteOracle Humanoid(
        double controlStep, string torso, string upright, string[] limbs, double speed) => new(controlStep, 1000,
        s => [.. s.Q[7..], s.Body("head")[2],
            .. limbs.SelectMany(limb => InFrame(s, torso, Minus(s.Body(limb), s.Body(torso)))),
            s.Xmat(torso, "zx"), s.Xmat(torso, "zy"), s.Xmat(torso, "zz"), .. s.Sensors[$"comvel {torso}"], .. s.V],
        (_, b, u) => SmallControl(u) * Moving(b.Sensors[$"comvel {torso}"][..2], speed)
            * Tolerance(b.Body("head")[2], 1.4, double.PositiveInfinity, 1.4 / 4)
            * Tolerance(b.Xmat(torso, upright), 0.9, double.PositiveInfinity, 1.9, Sigmoid.Linear, 0));

    private static double Moving(double[] v, double speed) => speed == 0
        ? v.Average(component => Tolerance(component, 0, 0, 2))
        : (5 * Tolerance(Norm(v), speed, double.PositiveInfinity, speed, Sigmoid.Linear, 0) + 1) / 6;

    private static SuiteOracle Reacher(double target) => new(0.02, 1000,
        s => [.. s.Q, .. Minus(s.Constants, s.Geom("finger")), .. s.V],
        (a, _, _) => Tolerance(
            Norm(Minus(a.Constants, a.Geom("finger"))), 0, target + a.Size("geom", "finger", 0), 0));

    private static SuiteOracle Walker(Func<SuiteState, SuiteState, double> reward) => new(0.025, 1000,
        s => [.. WalkerBodies.SelectMany(body => new[] { s.Xmat(body, "xx"), s.Xmat(body, "xz") }),
            s.Body("torso")[2], .. s.V],
        (a, b, _) => reward(a, b));

    private static double Standing(SuiteState s) => (3 * Tolerance(
        s.Body("torso")[2], 1.2, double.PositiveInfinity, 1.2 / 2) + (1 + s.Xmat("torso", "zz")) / 2) / 4;

    private static double Speed(SuiteState s, double speed) => Tolerance(
        s.Sensors["comvel torso"][0], speed, double.PositiveInfinity, speed / 2, Sigmoid.Linear, 0.5);

    private static double SmallControl(double[] u) =>
        (4 + u.Average(v => Tolerance(v, 0, 0, 1, Sigmoid.Quadratic, 0))) / 5;

    private static double[] InFrame(SuiteState s, string body, double[] v) =>
        [.. "xyz".Select(axis => "xyz".Select((row, i) => v[i] * s.Xmat(body, $"{row}{axis}")).Sum())];

    private static double[] XZ(double[] v) => [v[0], v[2]];

    // dm_control/utils/rewards.py
    private static double Tolerance(
        double x, double low, double high, double margin, Sigmoid sigmoid = Sigmoid.Gaussian, double atMargin = 0.1)
    {
        if (x >= low && x <= high) return 1;
        if (margin == 0) return 0;
        double d = (x < low ? low - x : x - high) / margin;
        switch (sigmoid)
        {
            case Sigmoid.Gaussian:
                return Math.Exp(-0.5 * Math.Pow(d * Math.Sqrt(-2 * Math.Log(atMargin)), 2));
            case Sigmoid.Linear:
                double linear = d * (1 - atMargin);
                return linear < 1 ? 1 - linear : 0;
            default:
                double quadratic = d * Math.Sqrt(1 - atMargin);
                return quadratic < 1 ? 1 - quadratic * quadratic : 0;
        }
    }
}
