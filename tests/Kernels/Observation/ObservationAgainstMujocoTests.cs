using Naf.Kernels.Observation;
using Naf.Kernels.Random;
using Naf.Sim.Mujoco;

namespace Naf.Tests;

/// <summary>h against MuJoCo's positions, orientations and velocities of sites.</summary>
internal sealed class ObservationAgainstMujocoTests : MujocoFixture
{
    // double against double, about a dozen operations on numbers of order 1 (velocities of order 10)
    private const double Tolerance = 1e-12;

    private const string Model = """
        <mujoco>
          <compiler angle="radian"/>
          <option timestep="0.002" gravity="0 0 -3"/>
          <worldbody>
            <site name="post" pos="1 2 3"/>
            <body name="rail" pos=".1 -.2 .3" euler=".3 -.2 .5">
              <joint name="slide" type="slide" axis="1 .2 0" pos=".1 .2 .3" ref=".05"/>
              <geom size=".1"/>
              <body name="shoulder" pos=".4 0 .1" quat=".9 .1 .2 -.3">
                <joint name="yaw" axis="0 0 1" pos=".02 0 0"/>
                <joint name="pitch" axis="0 1 0" pos="0 .03 0" ref=".4"/>
                <joint name="reach" type="slide" axis="0 0 -1"/>
                <joint name="roll" axis="1 -1 .5" pos="0 0 .05" stiffness=".5"/>
                <geom type="capsule" fromto="0 0 0 .3 0 0" size=".04"/>
                <site name="wrist" pos=".3 .01 0" euler="0 0 .7"/>
                <body name="bracket" pos=".3 0 0" euler="1 0 0">
                  <geom size=".03"/>
                  <body name="hand" pos="0 0 .1">
                    <joint name="grip" axis="-1 0 0" pos="0 0 -.05"/>
                    <geom type="box" size=".02 .03 .05"/>
                    <site name="finger" pos="0 .03 .05" euler=".2 .1 0"/>
                    <body name="rod" pos=".02 .1 0" euler=".4 .1 -.3">
                      <joint name="socket" type="ball" pos=".03 -.02 .05"/>
                      <joint name="sleeve" type="slide" axis="1 2 -1"/>
                      <geom type="box" size=".02 .03 .05"/>
                      <site name="rod_end" pos="0 .03 .05" euler=".2 .1 0"/>
                      <body name="claw" pos=".1 0 .1" euler=".4 .1 -.3">
                        <joint name="bend" axis="1 1 0" pos="0 0 .05"/>
                        <geom type="box" size=".02 .03 .05"/>
                        <site name="claw_tip" pos=".1 .03 .05" euler=".2 .1 0"/>
                      </body>
                    </body>
                  </body>
                </body>
              </body>
            </body>
            <body name="drone" pos="0 0 2" euler=".1 .2 .3">
              <freejoint name="fly"/>
              <geom type="box" size=".1 .2 .05"/>
              <site name="nose" pos=".1 0 .02"/>
              <body name="arm" pos="0 .2 0">
                <joint name="swing" axis="0 0 1" pos="0 -.1 0"/>
                <geom type="capsule" fromto="0 0 0 0 .2 0" size=".02"/>
                <site name="tool" pos="0 .2 .01"/>
              </body>
            </body>
          </worldbody>
          <actuator><motor joint="yaw" gear="3"/><motor joint="swing" gear="1"/></actuator>
        </mujoco>
        """;

    [Test]
    public void Places_axes_and_velocities_are_those_of_MuJoCo()
    {
        using MujocoModel model = MujocoModel.LoadXml(Model);
        using var data = new MujocoData(model);
        KinematicTree tree = model.KinematicTree;
        string[] sites = [.. tree.Sites.Select(site => site.Name)];
        ObservationFunction<double>[] functions = [
            .. sites.Select((_, i) => new ObservationFunction<double>(Everything(tree, i)))];
        double[] x = new double[18], linear = new double[3], angular = new double[3];

        for (uint trial = 0; trial < 20; trial++)
        {
            // a random state, then steps with random controls, so that the simulator produces velocities and
            // quaternions
            for (int i = 0; i < model.Nv; i++) data.Qvel[i] = Philox.Normal(3, RandomStream.TestReset, trial, (uint)i);
            for (int i = 0; i < model.Nu; i++) data.Ctrl[i] = Philox.Normal(4, RandomStream.TestReset, trial, (uint)i);
            data.Step(25);
            data.Velocities();
            for (int i = 0; i < sites.Length; i++)
            {
                Array.Fill(x, double.NaN);
                functions[i].Evaluate(data.Qpos, data.Qvel, [], x);
                data.SiteVelocity(i, linear, angular);
                Assert.That(x[..3], Is.EqualTo(data.SitePosition(i).ToArray()).Within(Tolerance),
                    $"position of {sites[i]}");
                Assert.That(x[3..6], Is.EqualTo(linear).Within(100 * Tolerance), $"velocity of {sites[i]}");
                Assert.That(x[6..9], Is.EqualTo(angular).Within(100 * Tolerance), $"angular velocity of {sites[i]}");
                // R_site = R_body · R(site's own quaternion): the body's frame by h, the site's by MuJoCo
                double[] axes = x[9..], expected = data.SiteOrientation(i).ToArray();
                var body = new Mat3<double>(
                    new(axes[0], axes[1], axes[2]), new(axes[3], axes[4], axes[5]), new(axes[6], axes[7], axes[8]));
                Mat3<double> r = body * Mat3<double>.From(tree.Sites[i].Rotation);
                double[] rows = [r.X.X, r.Y.X, r.Z.X, r.X.Y, r.Y.Y, r.Z.Y, r.X.Z, r.Y.Z, r.Z.Z];
                Assert.That(rows, Is.EqualTo(expected).Within(Tolerance), $"orientation of {sites[i]}");
            }
        }
        Assert.That(data.WarningCount(), Is.Zero);
    }

    private static ObservationDefinition Everything(KinematicTree tree, int site)
    {
        int body = tree.Sites[site].Body;
        Place place = Place.On(body, tree.Sites[site].Position);
        return new ObservationDefinition(tree, 0,
        [
            new PlaceEntry("place", place, null, 0, Components.All),
            new LinearVelocityEntry("velocity", place, 0, Components.All),
            new AngularVelocityEntry("spin", body, 0, Components.All),
            .. Enumerable.Range(0, 3).Select(axis => new AxisEntry($"axis{axis}", body, axis, 0, Components.All)),
        ]);
    }
}
